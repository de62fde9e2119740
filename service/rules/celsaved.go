package rules

import (
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"seedbook/ledger"
)

// Conditions may ask what the family itself saved: saved_by(day), and in how
// many calendar years it put in at least so much: years_saving(money("100.00"),
// day). Canada's rule for children of 16 and 17 needs both.

// childName is the child on the bench, by a name that no author can write.
const childName = "@child"

var childType = cel.ObjectType("child")

// celChild is the child on the bench in a condition.
type celChild struct{ *view }

func (celChild) ConvertToNative(reflect.Type) (any, error) { return nil, errNoConversion }
func (celChild) ConvertToType(ref.Type) ref.Val            { return types.NewErr("a child stays a child") }
func (celChild) Type() ref.Type                            { return childType }
func (c celChild) Value() any                              { return c.view }

// Equal is never asked: no author can name two children.
func (celChild) Equal(ref.Val) ref.Val { return types.False }

// savedFunctions declares what conditions may ask of the family's savings.
func savedFunctions() []cel.EnvOption {
	ofChild := func(function string) cel.MacroFactory {
		return func(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
			return eh.NewCall("@"+function, append([]ast.Expr{eh.NewIdent(childName)}, args...)...), nil
		}
	}
	return []cel.EnvOption{
		cel.Variable(childName, childType),
		cel.Macros(
			cel.GlobalMacro("saved_by", 1, ofChild("saved_by")),
			cel.GlobalMacro("years_saving", 2, ofChild("years_saving")),
		),
		cel.Function("@saved_by", cel.Overload("saved_by_child_date", []*cel.Type{childType, dateType}, moneyType,
			cel.BinaryBinding(func(c, by ref.Val) ref.Val {
				return celMoney{c.(celChild).savedBy(by.(celDate).Date)}
			}))),
		cel.Function("@years_saving", cel.Overload("years_saving_child_money_date", []*cel.Type{childType, moneyType, dateType}, cel.IntType,
			cel.FunctionBinding(func(args ...ref.Val) ref.Val {
				least, by := args[1].(celMoney).Amount, args[2].(celDate).Date
				return types.Int(args[0].(celChild).yearsSaving(least, by))
			}))),
	}
}

// savedBy is what the family put in by the end of a day, less what it took out
// and what the bank took back, whenever that was known.
func (v *view) savedBy(by ledger.Date) (saved ledger.Amount) {
	for i := range v.events {
		switch ev := &v.events[i]; {
		case ev.On.After(by):
			return saved.Max(ledger.Amount{})
		case ev.Kind == Deposit:
			saved = saved.Add(keptOf(v.events, ev))
		case ev.Kind == Withdrawal:
			saved = saved.Sub(ev.Amount)
		}
	}
	return saved.Max(ledger.Amount{})
}

// yearsSaving counts the calendar years in which deposits came to an amount by
// the end of a day.
func (v *view) yearsSaving(least ledger.Amount, by ledger.Date) (n int) {
	year, sum := 0, ledger.Amount{}
	for i := range v.events {
		ev := &v.events[i]
		if ev.On.After(by) {
			break
		}
		if ev.Kind != Deposit {
			continue
		}
		if ev.On.Year() != year {
			year, sum = ev.On.Year(), ledger.Amount{}
		}
		before := sum
		sum = sum.Add(keptOf(v.events, ev))
		if before.Less(least) && !sum.Less(least) {
			n++
		}
	}
	return n
}

// keptOf is what the bank did not take back of a deposit, by a history.
func keptOf(events []Event, deposit *Event) ledger.Amount {
	kept := deposit.Amount
	for i := range events {
		if r := &events[i]; r.Kind == Return && r.Of == deposit.Key {
			kept = kept.Sub(r.Amount)
		}
	}
	return kept.Max(ledger.Amount{})
}
