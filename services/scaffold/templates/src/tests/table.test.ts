{{imports}}

{{resources}}
{{values}}{{arrange}}describe({{name}}, () => {
{{tests}}});
