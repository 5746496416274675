/** Stands for a number of a body that JavaScript would round. No validation takes it for a number. */
export class Inexact {}
