package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/assay-llmops/assay/internal/spanstore"
)

// DuckDB has a checksum for every block of its file and looks at it when it reads
// the block, which for most is when a query wants it. An index that is found
// damaged answers nothing more, and leaves a marker in its folder, so that the
// next Open makes it anew.

// marker is the name of the file that says so.
const marker = "damaged"

// damaged says that by an error of DuckDB its file is not what was written.
func damaged(err error) bool {
	var e *duckdb.Error
	if !errors.As(err, &e) {
		return false
	}
	if e.Type == duckdb.ErrorTypeInternal || e.Type == duckdb.ErrorTypeSerialization {
		return true
	}
	text := strings.ToLower(e.Msg)
	for _, sign := range []string{"corrupt", "checksum", "could not read", "not a valid duckdb"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// noRoom says ErrFull where that is what an error means, of which DuckDB has only
// the text.
func noRoom(err error) error {
	if errors.Is(err, spanstore.ErrFull) {
		return err
	}
	text := strings.ToLower(err.Error())
	for _, sign := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if strings.Contains(text, sign.Error()) {
			return fmt.Errorf("%w: %w", spanstore.ErrFull, err)
		}
	}
	return err
}

// failed gives the error of something that failed and may be tried again, unless
// the index cannot be asked as before: its file is damaged, or, as after a
// checkpoint that found no room, one that DuckDB lets nobody at any more. The
// caller holds placesMu.
func (x *Index) failed(ctx context.Context, err error) error {
	var n int
	ctx = context.WithoutCancel(ctx)
	if x.broken != nil || damaged(err) || x.conn.QueryRowContext(ctx, "SELECT count(*) FROM cold.layout").Scan(&n) != nil {
		return x.breaks(err)
	}
	return noRoom(err)
}

// spoil ends the use of an index that was found damaged.
func (x *Index) spoil(err error) error {
	x.placesMu.Lock()
	defer x.placesMu.Unlock()
	return x.breaks(err)
}

// breaks says that the tables cannot be trusted any more, for what went wrong
// first; the caller holds placesMu.
func (x *Index) breaks(err error) error {
	if x.broken != nil {
		return x.broken
	}
	if damaged(err) {
		// Where the marker cannot be written, the next one who meets the damage
		// tries again.
		err = errors.Join(fmt.Errorf("%w: %w", spanstore.ErrDamaged, err), os.WriteFile(filepath.Join(x.dir, marker), nil, 0o600))
	}
	x.broken = fmt.Errorf("the index cannot go on, a restart rebuilds it from the log: %w", err)
	return x.broken
}

// clear removes the files of an index.
func clear(dir string) error {
	return removeAll(dir, FileName, FileName+".wal", fresh, fresh+".wal", marker) // the marker last
}

// Check reads every row of the index in a folder that nobody has open, and
// changes nothing. The error is ErrDamaged of spanstore where the next Open may
// not notice by itself that the index has to be made anew.
func Check(ctx context.Context, dir string) (err error) {
	file := filepath.Join(dir, FileName)
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return nil // the next start makes it
	}
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return fmt.Errorf("starting DuckDB: %w", err)
	}
	db := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, db.Close()) }()
	x := &Index{dir: dir}
	if x.conn, err = db.Conn(ctx); err != nil {
		return fmt.Errorf("starting DuckDB: %w", err)
	}
	defer func() { err = errors.Join(err, x.conn.Close()) }()
	bad := func(err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w: %w", spanstore.ErrDamaged, err)
	}
	if err := x.exec(ctx, x.attach(FileName, "cold")+" (READ_ONLY)"); err != nil {
		return bad(err)
	}
	var tables []string
	err = x.each(ctx, "SELECT table_name FROM duckdb_tables() WHERE database_name = 'cold' ORDER BY ALL", func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		tables = append(tables, name)
		return err
	})
	if err != nil {
		return bad(err)
	}
	for _, table := range tables {
		var n int64
		var sum sql.NullString
		row := x.conn.QueryRowContext(ctx, "SELECT count(*), bit_xor(hash(t))::VARCHAR FROM cold."+table+" AS t")
		if err := row.Scan(&n, &sum); err != nil {
			return bad(err)
		}
	}
	return nil
}
