// Package price turns tokens into money.
//
// A Book holds dated prices: what a provider asked for a model from a date on,
// in US dollars per million tokens, written as decimal strings. Assay brings
// one; a project's own file adds to it and wins over it. Prices have at most
// six decimals, so that the price of one token is a whole number of
// pico-dollars: a cost is exact until it is rounded, half up and once for each
// call, to nano-dollars. There is no floating point anywhere.
//
// What is not known is unknown, never zero: a model without a price, a price
// that had not begun at the date of the call, a usage that the provider did not
// report. Zero is a price that somebody declared.
package price
