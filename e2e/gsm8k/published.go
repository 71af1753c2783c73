package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// systems are the four whose answers the file holds, by the name of its key.
var systems = []string{"6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"}

// questions is how many the published file has.
const questions = 1319

// flags are the published ones: by system, then by question.
type flags map[string]map[string]bool

func readPublished(path string) (flags, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	published := flags{}
	for _, s := range systems {
		published[s] = map[string]bool{}
	}
	for dec := json.NewDecoder(file); ; {
		var row map[string]json.RawMessage
		if err := dec.Decode(&row); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		var question string
		if err := json.Unmarshal(row["question"], &question); err != nil {
			return nil, fmt.Errorf("reading a question of %s: %w", path, err)
		}
		for _, s := range systems {
			var answer struct {
				Correct *bool `json:"is_correct"`
			}
			if err := json.Unmarshal(row[s], &answer); err != nil {
				return nil, fmt.Errorf("reading the answer of %s to %.40q: %w", s, question, err)
			}
			if answer.Correct == nil {
				return nil, fmt.Errorf("no flag of %s for the question %.40q", s, question)
			}
			published[s][question] = *answer.Correct
		}
	}
	for _, s := range systems {
		if n := len(published[s]); n != questions {
			return nil, fmt.Errorf("%s has %d questions, want %d: is it the published file?", path, n, questions)
		}
	}
	return published, nil
}
