package access

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/vfs"
)

// fileFormat is the number of the layout that is written.
const fileFormat = 1

// file is keys.json.
type file struct {
	Format int             `json:"format"`
	SHA256 string          `json:"sha256"` // of Keys, without white space
	Keys   json.RawMessage `json:"keys"`
}

func readFile(path string) ([]Key, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the API keys: %w", err)
	}
	damaged := problem.Newf("the file of API keys is damaged").At(path, 0).
		Remedy("take it from a backup; to begin anew, stop the server, remove the file and make new keys")
	var f file
	if json.Unmarshal(text, &f) != nil {
		return nil, damaged
	}
	if f.Format > fileFormat {
		return nil, problem.Newf("the file of API keys has format %d, this Assay reads up to %d", f.Format, fileFormat).
			At(path, 0).Remedy("use a newer Assay")
	}
	sum, err := digest(f.Keys)
	if err != nil || sum != f.SHA256 {
		return nil, damaged
	}
	var keys []Key
	if json.Unmarshal(f.Keys, &keys) != nil {
		return nil, damaged
	}
	return keys, nil
}

func digest(keys []byte) (string, error) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, keys); err != nil {
		return "", fmt.Errorf("reading the API keys: %w", err)
	}
	sum := sha256.Sum256(compact.Bytes())
	return hex.EncodeToString(sum[:]), nil
}

// change reads the file, changes the keys and writes them: one process at a
// time.
func (k *Keys) change(edit func([]Key) ([]Key, error)) (err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(k.path), 0o700); err != nil {
		return fmt.Errorf("making the folder of the API keys: %w", err)
	}
	lock := flock.New(k.path + ".lock")
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("locking the API keys: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	keys, err := readFile(k.path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if keys, err = edit(keys); err != nil {
		return err
	}
	if err := writeFile(k.path, keys); err != nil {
		return err
	}
	k.keys, k.used, k.seen, k.damaged = keys, true, stamp{}, nil
	return nil
}

// writeFile replaces the file.
func writeFile(path string, keys []Key) error {
	list, err := json.MarshalIndent(keys, "  ", "  ")
	if err != nil {
		return fmt.Errorf("writing the API keys: %w", err)
	}
	sum, err := digest(list)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(file{fileFormat, sum, list}, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the API keys: %w", err)
	}
	if err := vfs.Replace(vfs.OS{}, path, append(text, '\n')); err != nil {
		return fmt.Errorf("writing the API keys: %w", err)
	}
	return nil
}
