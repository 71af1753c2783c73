// Package storetest holds every store of spans to the contract of package
// spanstore. A store's own test calls Run; what only it can do (losing its index,
// crashing) it tests itself, with Fill and Answers.
package storetest
