package index

import (
	"context"
	"database/sql"
	_ "embed" // schema.sql
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
	"github.com/assay-llmops/assay/internal/vfs"
)

// layout is the number of schema.sql and of the meaning of its columns. An index
// of another layout, or of another Options.Reading, is made anew.
const layout = 4

//go:embed schema.sql
var schema string

// Options are the bounds of an index. Zero members have defaults.
type Options struct {
	Reading   int           // number of the way in which rows are read out of spans (semconv.Reading)
	Memory    string        // that DuckDB may use: "400MB"
	Threads   int           // of DuckDB; 0: one for each core
	MergeRows int           // hot rows that are worth a merge; 200,000
	MergeIdle time.Duration // after which hot rows are merged though they are few; 5 s
	RollIdle  time.Duration // without a change, after which an hour is rolled up; 1 minute
	Recent    int           // spans of recent traces kept in memory, twice; 250,000
}

func (o *Options) defaults() {
	if o.Memory == "" {
		o.Memory = "400MB"
	}
	if o.MergeRows == 0 {
		o.MergeRows = 200_000
	}
	if o.MergeIdle == 0 { // a merge of few rows takes milliseconds; one of many holds queries up
		o.MergeIdle = 5 * time.Second
	}
	if o.RollIdle == 0 {
		o.RollIdle = time.Minute
	}
	if o.Recent == 0 {
		o.Recent = 250_000
	}
}

// Index is an open index. It is safe for concurrent use.
type Index struct {
	options Options
	dir     string
	disk    vfs.FS // where DuckDB leaves files to us
	db      *sql.DB
	dict    *dict

	gate sync.RWMutex // held for reading from before a record is in the log until its rows are in the buffer

	bufferMu sync.Mutex
	buffer   buffer
	ends     map[uint32]Ref  // by project: the log is in buffer, hot or cold up to here
	logged   map[uint32]bool // projects of which there are log records

	writeMu    sync.Mutex // one Flush, Merge or Delete at a time
	conn       *sql.Conn  // of the writer
	generation uint32     // of the hot tables
	recent     *recent
	seen       *seen
	hours      hours
	hotRows    int
	hotSince   time.Time
	left       []step      // for which the file had no room
	stuck      atomic.Bool // there are such

	placesMu sync.RWMutex // held for reading by queries, for writing while rows change place
	broken   error        // the tables cannot be trusted any more; guarded by placesMu

	spans   atomic.Int64 // rows
	flushed atomic.Int64 // spans since the start

	kick     chan struct{} // the buffer is worth a flush
	stop     chan struct{}
	finished chan struct{}
}

// Open opens the index in folder dir, which is made if it is not there. An index
// that is damaged or of another layout is removed: then Mark is zero for every
// project, and the caller replays the log.
func Open(ctx context.Context, dir string, o Options) (*Index, error) {
	o.defaults()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the index: %w", err)
	}
	x, err := (*Index)(nil), error(nil)
	if _, unmarked := os.Stat(filepath.Join(dir, marker)); unmarked != nil {
		if x, err = open(ctx, dir, o); err == nil {
			return x, nil
		}
	}
	// Whatever is wrong with the file, the log can make it again.
	if err := clear(dir); err != nil {
		return nil, err
	}
	if x, err = open(ctx, dir, o); err != nil {
		return nil, fmt.Errorf("making the index: %w", err)
	}
	return x, nil
}

// FileName is the name of the file, in the folder of the index.
const FileName = "index.duckdb"

// spills is the folder of what DuckDB puts aside while it runs, such as rows that
// it sorts. A process that is killed leaves it.
const spills = "tmp"

func open(ctx context.Context, dir string, o Options) (x *Index, err error) {
	if err := os.RemoveAll(filepath.Join(dir, spills)); err != nil {
		return nil, fmt.Errorf("removing what an earlier process left of the index: %w", err)
	}
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, fmt.Errorf("starting DuckDB: %w", err)
	}
	x = &Index{
		options: o, dir: dir, disk: vfs.OS{}, db: sql.OpenDB(connector), dict: newDict(), ends: map[uint32]Ref{}, logged: map[uint32]bool{}, recent: newRecent(o.Recent), seen: newSeen(seenTraces), hours: newHours(),
		generation: 1, kick: make(chan struct{}, 1), stop: make(chan struct{}), finished: make(chan struct{}),
	}
	if x.conn, err = x.db.Conn(ctx); err == nil {
		err = x.prepare(ctx)
	}
	if err == nil {
		err = x.load(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, x.release())
	}
	go x.background()
	return x, nil
}

func (x *Index) release() error {
	var err error
	if x.conn != nil {
		err = x.conn.Close()
	}
	if err := errors.Join(err, x.db.Close()); err != nil {
		return fmt.Errorf("closing the index: %w", err)
	}
	return nil
}

// prepare sets DuckDB's bounds, opens the file and makes the tables that are not
// there.
func (x *Index) prepare(ctx context.Context) error {
	settings := []string{
		"SET memory_limit = " + quote(x.options.Memory),
		"SET temp_directory = " + quote(filepath.Join(x.dir, spills)),
		"SET autoinstall_known_extensions = false", // nothing is fetched from anywhere
		"SET autoload_known_extensions = false",
		"SET allowed_directories = [" + quote(x.dir) + "]",
		x.attach(FileName, "cold"),
		"SET enable_external_access = false", // no query reads a file elsewhere
	}
	if x.options.Threads > 0 {
		settings = append(settings, fmt.Sprintf("SET threads = %d", x.options.Threads))
	}
	if err := x.exec(ctx, settings...); err != nil {
		return err
	}
	var tables, found int
	row := x.conn.QueryRowContext(ctx, "SELECT count(*), count(*) FILTER (table_name = 'layout') FROM duckdb_tables() WHERE database_name = 'cold'")
	if err := row.Scan(&tables, &found); err != nil {
		return fmt.Errorf("reading what the index has: %w", err)
	}
	if tables > 0 {
		number, reading := 0, 0
		if found == 1 {
			if err := x.conn.QueryRowContext(ctx, "SELECT number, reading FROM cold.layout").Scan(&number, &reading); err != nil {
				return fmt.Errorf("reading the layout of the index: %w", err)
			}
		}
		if number != layout || reading != x.options.Reading {
			return fmt.Errorf("the index has layout %d and reading %d, not %d and %d", number, reading, layout, x.options.Reading)
		}
	} else {
		statements := append([]string{"USE cold", "BEGIN", schema,
			"CREATE TABLE marks (project UINTEGER NOT NULL, seg UINTEGER NOT NULL, ord UINTEGER NOT NULL)",
			"CREATE TABLE layout (number INTEGER NOT NULL, reading INTEGER NOT NULL)",
			fmt.Sprintf("INSERT INTO layout VALUES (%d, %d)", layout, x.options.Reading)}, rollUpSchema()...)
		if err := x.exec(ctx, append(statements, "COMMIT")...); err != nil {
			return err
		}
	}
	if err := x.exec(ctx, "CREATE SCHEMA memory.hot", "USE memory.hot", schema, scratch, "USE memory.main"); err != nil {
		return err
	}
	for _, table := range tableNames() {
		if err := x.exec(ctx, fmt.Sprintf("CREATE VIEW memory.main.%[1]s AS SELECT * FROM memory.hot.%[1]s UNION ALL SELECT * FROM cold.%[1]s", table)); err != nil {
			return err
		}
	}
	return nil
}

func (x *Index) attach(file, as string) string {
	return "ATTACH " + quote(filepath.Join(x.dir, file)) + " AS " + as
}

// tableNames are the tables that are both hot and cold.
func tableNames() []string { return []string{"spans", "logs", "scores", "dict"} }

// SpanTables are the tables that the view spans joins.
func (x *Index) SpanTables() []string {
	return []string{catalog(true) + ".spans", catalog(false) + ".spans"}
}

// scratch are tables that say which rows a flush, an erasure or new costs mean.
const scratch = `
CREATE TABLE wanted (project UINTEGER, hi UBIGINT, lo UBIGINT);
CREATE TABLE gone (project UINTEGER, seg UINTEGER, ord UINTEGER);
CREATE TABLE talks (session VARCHAR);
CREATE TABLE costs (seg UINTEGER, ord UINTEGER, cost BIGINT);
CREATE TABLE recount (project UINTEGER, seg UINTEGER, ord UINTEGER, counted BOOLEAN);
`

// load reads what is kept in memory of a cold index, in two at a time: of ten
// million spans each half takes most of a second.
func (x *Index) load(ctx context.Context) error {
	seen := make(chan error, 1)
	go func() { seen <- x.loadSeen(ctx) }()
	err := x.loadRest(ctx)
	return errors.Join(err, <-seen)
}

// loadSeen reads which traces there are. It does not use the writer's connection.
func (x *Index) loadSeen(ctx context.Context) error {
	rows, err := x.db.QueryContext(ctx, fmt.Sprintf("SELECT project, hi, lo FROM cold.spans GROUP BY ALL ORDER BY max(start) DESC LIMIT %d", seenTraces))
	if err != nil {
		return fmt.Errorf("reading the traces of the index: %w", err)
	}
	return drain(rows, func(rows *sql.Rows) error {
		k, err := scanKey(rows)
		x.seen.add(k)
		return err
	})
}

func (x *Index) loadRest(ctx context.Context) error {
	err := x.each(ctx, "SELECT dim, id, text FROM cold.dict ORDER BY dim, id", func(rows *sql.Rows) error {
		var e entry
		if err := rows.Scan(&e.dim, &e.id, &e.text); err != nil {
			return err
		}
		if int(e.dim) >= dims || int(e.id) != len(x.dict.texts[e.dim]) {
			return errors.New("the dictionary has a gap")
		}
		x.dict.keep(e)
		return nil
	})
	if err != nil {
		return err
	}
	err = x.each(ctx, "SELECT project, seg, ord FROM cold.marks", func(rows *sql.Rows) error {
		var project uint32
		var mark Ref
		err := rows.Scan(&project, &mark.Segment, &mark.Ordinal)
		x.ends[project] = mark
		return err
	})
	if err != nil {
		return err
	}
	err = x.each(ctx, "SELECT DISTINCT project FROM cold.logs", func(rows *sql.Rows) error {
		var project uint32
		err := rows.Scan(&project)
		x.logged[project] = true
		return err
	})
	if err != nil {
		return err
	}
	if err := x.loadHours(ctx); err != nil {
		return err
	}
	var n int64
	if err := x.conn.QueryRowContext(ctx, "SELECT count(*) FROM cold.spans").Scan(&n); err != nil {
		return fmt.Errorf("counting the spans of the index: %w", err)
	}
	x.spans.Store(n)
	return nil
}

// exec runs statements of the writer, one after the other.
func (x *Index) exec(ctx context.Context, statements ...string) error {
	for _, s := range statements {
		if _, err := x.conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("writing the index: %w", err)
		}
	}
	return nil
}

// each calls visit for every row of a query of the writer.
func (x *Index) each(ctx context.Context, query string, visit func(*sql.Rows) error) error {
	rows, err := x.conn.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("reading the index: %w", err)
	}
	return drain(rows, visit)
}

func drain(rows *sql.Rows, visit func(*sql.Rows) error) error {
	for rows.Next() {
		if err := visit(rows); err != nil {
			return errors.Join(fmt.Errorf("reading a row of the index: %w", err), rows.Close())
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("reading the index: %w", err)
	}
	return nil
}

func quote(text string) string {
	out := []byte{'\''}
	for _, c := range []byte(text) {
		if c == '\'' {
			out = append(out, '\'')
		}
		out = append(out, c)
	}
	return string(append(out, '\''))
}

// Query flushes, then runs a query over the views and calls scan for every row.
func (x *Index) Query(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	return x.ask(ctx, func() (sqlquery.Statement, error) { return sqlquery.Statement{SQL: query, Args: args}, nil }, scan)
}

// ask is Query for a statement that is written when all that it sees is in its
// place and stays there.
func (x *Index) ask(ctx context.Context, write func() (sqlquery.Statement, error), scan func(*sql.Rows) error) error {
	if err := x.Flush(ctx); err != nil {
		return err
	}
	err := x.query(ctx, write, scan)
	if damaged(err) {
		return x.spoil(err)
	}
	return err
}

func (x *Index) query(ctx context.Context, write func() (sqlquery.Statement, error), scan func(*sql.Rows) error) error {
	x.placesMu.RLock()
	defer x.placesMu.RUnlock()
	if x.broken != nil {
		return x.broken
	}
	st, err := write()
	if err != nil {
		return err
	}
	rows, err := x.db.QueryContext(ctx, st.SQL, st.Args...)
	if err != nil {
		return fmt.Errorf("asking the index: %w", err)
	}
	return drain(rows, scan)
}

// Text is the text of the dictionary with this id; 0 is none.
func (x *Index) Text(dim sqlquery.Dim, id uint32) string { return x.dict.text(dim, id) }

// Find is the number of a text of the dictionary; ok is false where it has none.
func (x *Index) Find(dim sqlquery.Dim, text string) (id uint32, ok bool) {
	return x.dict.find(dim, text)
}

// Project is the number of a project; ok is false when nothing of it was ever
// appended.
func (x *Index) Project(name string) (id uint32, ok bool) { return x.dict.find(sqlquery.Project, name) }

// Mark is the place in the project's log from which on the index has to be told
// of records again.
func (x *Index) Mark(project string) Ref {
	id, ok := x.Project(project)
	if !ok {
		return Ref{}
	}
	x.bufferMu.Lock()
	defer x.bufferMu.Unlock()
	return x.ends[id]
}

// Newest is the place of the last item of a project that queries see; zero where
// there is none.
func (x *Index) Newest(project uint32) Ref {
	x.bufferMu.Lock()
	defer x.bufferMu.Unlock()
	end := x.ends[project]
	if end.Ordinal > 0 {
		end.Ordinal--
	}
	return end
}

// Logged says whether a project ever had a log record that names a span; many
// have none, and need not be asked for them.
func (x *Index) Logged(project uint32) bool {
	x.bufferMu.Lock()
	defer x.bufferMu.Unlock()
	return x.logged[project]
}

// Projects are the names of the projects of which something was appended, sorted.
func (x *Index) Projects() []string {
	x.dict.mu.RLock()
	defer x.dict.mu.RUnlock()
	return slices.Sorted(maps.Keys(x.dict.ids[sqlquery.Project]))
}

// Figures are what the index tells of itself.
type Figures struct {
	Spans   int64         // rows, without what is in the buffer
	Flushed int64         // spans since the start, duplicates included
	Lag     time.Duration // age of the oldest row in the buffer
}

// Figures gives the index's figures.
func (x *Index) Figures() Figures {
	f := Figures{Spans: x.spans.Load(), Flushed: x.flushed.Load()}
	x.bufferMu.Lock()
	defer x.bufferMu.Unlock()
	if !x.buffer.since.IsZero() {
		f.Lag = time.Since(x.buffer.since)
	}
	return f
}

// Stuck says that a flush waits for room on the disk: questions are answered with
// ErrFull until there is some.
func (x *Index) Stuck() bool { return x.stuck.Load() }

// Err is nil while the index can be asked; else it says what broke.
func (x *Index) Err() error {
	x.placesMu.RLock()
	defer x.placesMu.RUnlock()
	return x.broken
}

// Close merges what is hot and releases the index. Nothing may use it any more.
func (x *Index) Close() error {
	close(x.stop)
	<-x.finished
	err := x.Merge(context.Background())
	return errors.Join(err, x.release())
}

// background flushes and merges while nobody asks, and rolls hours up. Of these
// there may be thousands; between a few and the next few, what arrives has its
// turn, so that it does not pile up in memory.
func (x *Index) background() {
	defer close(x.finished)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	more := make(chan struct{}, 1) // hours are due
	for {
		select {
		case <-x.stop:
			return
		case <-more:
		case <-x.kick:
			x.move()
		case <-tick.C:
			x.move()
		}
		// What fails is tried again later.
		if rolled, err := x.roll(context.Background()); err == nil && rolled {
			select {
			case more <- struct{}{}:
			default: // already told
			}
		}
	}
}

// move flushes, and merges where it is worth it. An error of a flush is kept in
// broken. One of a merge, of a full disk, leaves the rows where they are; the next
// turn tries again.
func (x *Index) move() {
	if x.Flush(context.Background()) == nil && x.worthMerge() {
		_ = x.Merge(context.Background())
	}
}

func (x *Index) worthMerge() bool {
	x.writeMu.Lock()
	defer x.writeMu.Unlock()
	return x.hotRows >= x.options.MergeRows || x.hotRows > 0 && time.Since(x.hotSince) >= x.options.MergeIdle
}
