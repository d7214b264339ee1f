// Package render turns results into text. It is the only place that knows
// colour, screen widths and which bytes are safe to send to a terminal.
//
//   - [Renderer] writes one [result.Result] after the other: tables, trees, hex
//     dumps, lines; and notices, warnings and errors.
//   - [Style] says for whom: a terminal of so many columns, or a pipe.
//   - [Escape] and [EscapeText] make text out of packets and files harmless.
//   - [Caret] points at a place in an expression.
//   - [Progress] is the line that says how far a long job is.
//
// Everything that a Renderer writes is escaped here, so commands hand over
// text as it is. With Style.Color false no escape byte leaves this package.
package render
