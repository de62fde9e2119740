package rules

import (
	"errors"
	"fmt"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"seedbook/ledger"
)

// Days and money are types of their own in predicates, so that a day is never
// compared with a text or an amount with a number of children.
var (
	dateType  = cel.ObjectType("date", traits.ComparerType)
	moneyType = cel.ObjectType("money", traits.ComparerType)
)

var errNoConversion = errors.New("rules: no conversion")

// celDate is a ledger.Date in a predicate.
type celDate struct{ ledger.Date }

func (d celDate) ConvertToNative(reflect.Type) (any, error) { return nil, errNoConversion }
func (d celDate) ConvertToType(ref.Type) ref.Val            { return types.NewErr("a date stays a date") }
func (d celDate) Type() ref.Type                            { return dateType }
func (d celDate) Value() any                                { return d.Date }

// Equal compares days.
func (d celDate) Equal(other ref.Val) ref.Val {
	o, ok := other.(celDate)
	return types.Bool(ok && o.Date == d.Date)
}

// Compare orders days.
func (d celDate) Compare(other ref.Val) ref.Val {
	o, ok := other.(celDate)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return types.Int(d.Cmp(o.Date))
}

// celMoney is a ledger.Amount in a predicate.
type celMoney struct{ ledger.Amount }

func (m celMoney) ConvertToNative(reflect.Type) (any, error) { return nil, errNoConversion }
func (m celMoney) ConvertToType(ref.Type) ref.Val            { return types.NewErr("money stays money") }
func (m celMoney) Type() ref.Type                            { return moneyType }
func (m celMoney) Value() any                                { return m.Amount }

// Equal compares amounts.
func (m celMoney) Equal(other ref.Val) ref.Val {
	o, ok := other.(celMoney)
	return types.Bool(ok && o.Amount == m.Amount)
}

// Compare orders amounts.
func (m celMoney) Compare(other ref.Val) ref.Val {
	o, ok := other.(celMoney)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return types.Int(m.Cmp(o.Amount))
}

// factValue is a fact's value as a predicate of a type takes it, or nil where
// the value is none of that type.
func factValue(t FactType, v any) ref.Val {
	switch t {
	case TextFact:
		if s, ok := v.(string); ok && s != "" && len(s) <= maxFactText {
			return types.String(s)
		}
	case gradeFact:
		return gradeValue(v)
	case NumberFact:
		if n, ok := wholeNumber(v); ok {
			return types.Int(n)
		}
	case YesNoFact:
		if b, ok := v.(bool); ok {
			return types.Bool(b)
		}
	case MoneyFact:
		if a, ok := v.(ledger.Amount); ok {
			return celMoney{a}
		}
	case DateFact:
		if d, ok := v.(ledger.Date); ok && !d.IsZero() {
			return celDate{d}
		}
	}
	return nil
}

// maxFactText bounds the texts that predicates read, and so what one can cost.
const maxFactText = 256

func gradeValue(v any) ref.Val {
	if s, ok := v.(string); ok {
		if n, ok := gradeNumber(s); ok {
			return types.Int(n)
		}
		return nil
	}
	if n, ok := wholeNumber(v); ok && n >= -1 && n <= 13 {
		return types.Int(n)
	}
	return nil
}

func wholeNumber(v any) (int64, bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	}
	return 0, false
}

// textOf is a fact's value as text, for ordering and for people.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return fmt.Sprint(v)
}
