// Package spangen makes the load of the benchmarks: OTLP export requests as an
// instrumented application sends them, encoded once and stamped afresh for each
// sending, so that the generator takes little of the processor that it shares
// with the server it measures.
//
// # Words
//
//   - A payload is one encoded ExportTraceServiceRequest of whole traces.
//   - A pool is many payloads. Its text is drawn word by word from 4,000 English
//     words so that it does not repeat and compresses as prose does (see [Writer]). A
//     pool of the default size is larger than the window of any compressor and than
//     a row group of an analytical database: when its payloads come round again,
//     nothing that holds the first round is open any more.
//   - To stamp a payload is to write trace ids, span ids, session ids, response ids
//     and times into its bytes. Their places are found once, by walking the encoded
//     message; all are of fixed width, so no length changes.
//   - Traces are numbered. The ids of trace n follow from n alone, so a reader of
//     the store knows what to ask for without having kept two million ids.
//   - A mix is a kind of application: [Docs] answers questions from documents, five
//     spans a trace and about 3.4 KB of text a span; [Short] is the same with little
//     text; [Conversations] repeats the whole history in each turn.
//
// What always holds: the same options make the same bytes, and two stampings with
// different numbers share no id.
package spangen
