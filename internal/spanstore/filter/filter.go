// Package filter is the language in which spans are asked for:
//
//	kind=llm model~"gpt-5" cost>0.01 latency>2s user=u1 text:"refund policy"
//	score.grounded<0.5 has:error since=24h
//
// Conditions that stand side by side must all hold; OR, NOT and parentheses
// combine them otherwise. Parse makes an Expr of a text and says at which column
// a mistake is; a store turns the Expr into a query of its own. docs/reference/
// filters.md has the grammar and the fields; tests hold it to this package.
//
// What is missing is not zero: cost>0 and cost<=0 are both false for a span
// whose cost is unknown, and so is model!=x where there is no model. A condition
// is true or false, never unknown, so NOT turns every one of them.
package filter

// Expr is a condition on a span. It is one of And, Or, Not and Cond; nil holds
// for every span. Its text, by String, is what Parse reads as an equal Expr.
type Expr interface {
	expr()
	String() string
}

// And holds when all of its parts do; without parts it holds.
type And []Expr

// Or holds when one of its parts does; without parts it does not.
type Or []Expr

// Not holds when its part does not.
type Not struct{ Expr Expr }

// Cond compares a field of a span with a value.
type Cond struct {
	Field Field
	Key   string // of the field score: the score's name
	Op    Op
	Value Value // not set where Op is Has
	Col   int   // 1-based column of the condition in the text it was read from; 0 when made otherwise
}

func (And) expr()  {}
func (Or) expr()   {}
func (Not) expr()  {}
func (Cond) expr() {}

// Op is how a field is compared.
type Op string

// The comparisons.
const (
	Equal        Op = "="
	Unequal      Op = "!="
	Less         Op = "<"
	LessEqual    Op = "<="
	Greater      Op = ">"
	GreaterEqual Op = ">="
	Match        Op = "~"  // an RE2 expression is found in the text
	NoMatch      Op = "!~" // the field is there and the expression is not found
	Words        Op = ":"  // the words are found in the text, one after the other, as package token cuts them
	Has          Op = "has"
)

// Type is what values of a field are.
type Type uint8

// String is the type's name in documents and messages.
func (t Type) String() string {
	return [...]string{"text", "number", "count", "money", "duration", "time", "truth", "name"}[t]
}

// The types of fields.
const (
	Text     Type = iota // compared byte for byte
	Number               // float64
	Count                // int64
	Money                // int64 nano-dollars, written in US dollars
	Duration             // int64 nanoseconds, written 250ms, 2s, 1m30s
	Time                 // int64 UTC nanoseconds, written as RFC 3339, a date, or an age: 24h, 7d
	Truth                // bool
	Enum                 // one of a few names
)

// Value is what a field is compared with; the field's Type says which member
// counts.
type Value struct {
	Text   string  // Text, Enum; the expression of Match; the words of Words
	Int    int64   // Count, Money, Duration, Time
	Number float64 // Number
	Truth  bool
}

// Field is something of a span that can be asked for. Its text is its name in
// the language.
type Field string

// The fields. Their types are in Fields.
const (
	FieldTrace       Field = "trace"
	FieldSpan        Field = "span"
	FieldParent      Field = "parent"
	FieldRoot        Field = "root"
	FieldKind        Field = "kind"
	FieldName        Field = "name"
	FieldStatus      Field = "status" // ok or error
	FieldReason      Field = "reason"
	FieldProvider    Field = "provider"
	FieldModel       Field = "model"
	FieldAsked       Field = "model_asked"
	FieldConfig      Field = "config"
	FieldVersion     Field = "version"
	FieldLabel       Field = "label"
	FieldFeature     Field = "feature"
	FieldUser        Field = "user"
	FieldSession     Field = "session"
	FieldEnvironment Field = "environment"
	FieldService     Field = "service"
	FieldTag         Field = "tag" // holds when one of the tags does
	FieldFinish      Field = "finish"
	FieldCost        Field = "cost"
	FieldLatency     Field = "latency"
	FieldTTFT        Field = "ttft"
	FieldTokens      Field = "tokens" // in and out
	FieldTokensIn    Field = "tokens_in"
	FieldTokensOut   Field = "tokens_out"
	FieldSince       Field = "since" // start at or after
	FieldUntil       Field = "until" // start before
	FieldText        Field = "text"  // all text of the span: names, messages, documents, attributes
	FieldScore       Field = "score" // score.NAME: the latest score of that name about the span, or about its trace
)

// Fields says of every field what its values are.
func Fields() map[Field]Type {
	return map[Field]Type{
		FieldTrace: Text, FieldSpan: Text, FieldParent: Text, FieldRoot: Truth, FieldKind: Enum, FieldName: Text,
		FieldStatus: Enum, FieldReason: Text, FieldProvider: Text, FieldModel: Text, FieldAsked: Text,
		FieldConfig: Text, FieldVersion: Text, FieldLabel: Text, FieldFeature: Text, FieldUser: Text,
		FieldSession: Text, FieldEnvironment: Text, FieldService: Text, FieldTag: Text, FieldFinish: Text,
		FieldCost: Money, FieldLatency: Duration, FieldTTFT: Duration, FieldTokens: Count, FieldTokensIn: Count,
		FieldTokensOut: Count, FieldSince: Time, FieldUntil: Time, FieldText: Text, FieldScore: Number,
	}
}
