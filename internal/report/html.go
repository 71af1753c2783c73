package report

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed" // the page's template, style and script
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"

	"github.com/assay-llmops/assay/internal/eval"
)

var (
	//go:embed assets/page.html.tmpl
	pageTemplate string
	//go:embed assets/page.css
	pageStyle string
	//go:embed assets/diff.js
	diffScript string
	//go:embed assets/detail.js
	detailScript string
	//go:embed assets/list.js
	listScript string
)

// HTML writes one self-contained page: the verdict, rules and figures as
// markup, every case behind them as data that the page's own script shows.
//
// Nothing on the page is fetched and nothing from outside is executed: its
// security policy allows the one style and the one script by their digests.
// Text from models reaches the page through html/template or as data, and the
// script writes it as text only. The data of the cases lie in blocks that are
// compressed and read when a case of theirs is opened, so that a page of
// 10,000 cases opens quickly.
func HTML(w io.Writer, in *Input) error {
	script := `"use strict";(() => {` + "\n" + diffScript + detailScript + listScript + "})();"
	view := newPage(in)
	view.Style, view.Script = template.CSS(pageStyle), template.JS(script)
	view.Policy = "default-src 'none'; style-src " + hashOf(pageStyle) + "; script-src " + hashOf(script) + "; base-uri 'none'; form-action 'none'"
	page, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	if err := page.ExecuteTemplate(out, "head", view); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	if err := writeData(out, in); err != nil {
		return err
	}
	if err := page.ExecuteTemplate(out, "tail", view); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// hashOf is a source expression that allows exactly this text.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// blockSize is how many cases one compressed block holds: opening a case reads
// one block, searching reads them all.
const blockSize = 50

// pageIndex is what the script needs to list and filter cases.
type pageIndex struct {
	Evaluators []string    `json:"evaluators"`
	Tags       []string    `json:"tags"`
	Paired     bool        `json:"paired"`
	Content    bool        `json:"content"`
	Candidate  string      `json:"candidate"` // version
	Baseline   string      `json:"baseline"`
	Block      int         `json:"block"` // cases in each block
	Cases      []pageEntry `json:"cases"`
}

// pageEntry is one case in the list. Marks holds six counts for each
// evaluator: passed, judged and errors of the baseline, then of the candidate.
type pageEntry struct {
	ID      string   `json:"i"`
	Tags    []int    `json:"t,omitempty"` // places in pageIndex.Tags
	Marks   [][6]int `json:"m"`
	Errored bool     `json:"e,omitempty"`
	Preview string   `json:"p,omitempty"`
}

// pageCase is one case in a block, with the records as a results file has them.
type pageCase struct {
	Baseline  []*eval.Record `json:"b"`
	Candidate []*eval.Record `json:"c"`
}

// writeData writes the index and the blocks, each an element that no browser
// executes. encoding/json escapes <, > and &, so
// that no text can end an element; a block is base64.
func writeData(w io.Writer, in *Input) error {
	pairs := in.pairings()
	index, err := json.Marshal(in.index(pairs))
	if err != nil {
		return fmt.Errorf("writing the page's index: %w", err)
	}
	if _, err := fmt.Fprintf(w, "<script type=\"application/json\" id=\"index\">%s</script>\n", index); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	for at := 0; at < len(pairs); at += blockSize {
		block, err := compress(pairs[at:min(len(pairs), at+blockSize)])
		if err != nil {
			return fmt.Errorf("writing the page's cases: %w", err)
		}
		if _, err := fmt.Fprintf(w, "<script type=\"text/plain\" id=\"block-%d\">%s</script>\n", at/blockSize, block); err != nil {
			return fmt.Errorf("writing the page: %w", err)
		}
	}
	return nil
}

// compress is the cases as JSON, gzipped, in base64.
func compress(pairs []pairing) (string, error) {
	block := make([]pageCase, len(pairs))
	for i := range pairs {
		block[i] = pageCase{lean(pairs[i].baseline), lean(pairs[i].candidate)}
	}
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if err := json.NewEncoder(zip).Encode(block); err != nil {
		return "", err
	}
	if err := zip.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(packed.Bytes()), nil
}

// lean drops digests, which the page does not show and which do not compress.
func lean(records []*eval.Record) []*eval.Record {
	list := make([]*eval.Record, len(records))
	for i, r := range records {
		c := *r
		c.CaseDigest, c.OutputDigest = "", ""
		list[i] = &c
	}
	return list
}
