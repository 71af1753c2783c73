package jinja

// expr is an expression of a template. The evaluator, the static reader of
// names and nobody else switch on its type.
type expr interface{ place() pos }

// place is where the expression is blamed for an error.
func (p pos) place() pos { return p }

type (
	constExpr struct {
		pos
		value any
	}
	nameExpr struct {
		pos
		name string
	}
	listExpr struct {
		pos
		items []expr
	}
	tupleExpr struct {
		pos
		items []expr
	}
	dictExpr struct {
		pos
		keys, values []expr
	}
	unaryExpr struct {
		pos
		op    string // "-", "+" or "not"
		value expr
	}
	binaryExpr struct {
		pos
		op          string // + - * / // % **
		left, right expr
	}
	logicExpr struct {
		pos
		op          string // and, or
		left, right expr
	}
	concatExpr struct {
		pos
		parts []expr
	}
	compareExpr struct {
		pos
		first expr
		rest  []operand
	}
	condExpr struct {
		pos
		test, yes, no expr // no may be nil
	}
	attrExpr struct {
		pos
		value expr
		name  string
	}
	itemExpr struct {
		pos
		value, key expr
	}
	sliceExpr struct {
		pos
		start, stop, step expr // each may be nil
	}
	callExpr struct {
		pos
		callee expr
		args   callArgs
	}
	filterExpr struct {
		pos
		value expr // nil where a block's text is filtered
		name  string
		args  callArgs
	}
	testExpr struct {
		pos
		value expr
		name  string
		args  callArgs
	}
)

// operand is one comparison of a chain: == != < <= > >= in, not in.
type operand struct {
	op    string
	value expr
}

// callArgs are the arguments of a call, a filter or a test.
type callArgs struct {
	positional []expr
	named      []namedArg
	star       expr // *args
	starStar   expr // **kwargs
}

type namedArg struct {
	name  string
	value expr
}

// target is what a for, set or with assigns to: a name, a field of a namespace
// or a tuple of targets.
type target struct {
	pos
	name  string
	field string
	parts []target // a tuple, when there is no name
}

// stmt is a statement of a template, text included.
type stmt interface{ place() pos }

type (
	textStmt struct {
		pos
		text string
	}
	outputStmt struct {
		pos
		value expr
	}
	ifStmt struct {
		pos
		branches  []branch
		otherwise []stmt
	}
	forStmt struct {
		pos
		target    target
		values    expr
		filter    expr // may be nil
		recursive bool
		body      []stmt
		otherwise []stmt
		// Whether the loop has the variable loop: as in Jinja2, only where its
		// own text reads it, so that an include sees the loop around instead.
		hasLoop bool
	}
	setStmt struct {
		pos
		target target
		value  expr
	}
	setBlockStmt struct {
		pos
		target target
		filter *filterExpr // innermost first through value; may be nil
		body   []stmt
	}
	withStmt struct {
		pos
		targets []target
		values  []expr
		body    []stmt
	}
	filterStmt struct {
		pos
		filter *filterExpr
		body   []stmt
	}
	macroStmt struct {
		pos
		name   string
		params []param
		body   []stmt
		// Whether the body reads the special names, which decides whether the
		// macro takes further arguments and a caller.
		readsCaller, readsVarargs, readsKwargs bool
	}
	callStmt struct {
		pos
		call   *callExpr
		caller *macroStmt
	}
	includeStmt struct {
		pos
		reference
		ignoreMissing bool
		withContext   bool
	}
	importStmt struct {
		pos
		reference
		name        string // import ... as name
		names       []importName
		withContext bool
	}
	extendsStmt struct {
		pos
		reference
	}
	blockStmt struct {
		pos
		name     string
		scoped   bool
		required bool
		body     []stmt
	}
)

type branch struct {
	test expr
	body []stmt
}

type param struct {
	pos
	name     string
	fallback expr // nil when the argument has no default
}

// importName is one name of {% from ... import name as alias %}.
type importName struct {
	pos
	name, alias string
}

// reference is the template that a statement names. Names are literal strings,
// alone, in a list, or chosen by a conditional, so that Parse can load them all.
type reference struct{ template expr }
