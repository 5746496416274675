{{imports}}

// Rows to begin with. Each function puts one into its table, with no request and nobody asked, and with it those that it
// must refer to.

{{functions}}