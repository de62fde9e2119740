package rules

// What a book may get wrong about several children, funds and sharing.
func init() {
	spoilt = append(spoilt, []struct{ code, old, by, at string }{
		{"with_children", "    funds: {CITY: 60.00}\n", "    funds: {CITY: 60.00}\n    born_on: 2019-01-01\n", "line 52: examples[1].born_on: with_children key=born_on"},
		{"item_count", "    children:\n      - {id: ana, facts: {grade: KG}, events: [{on: 2026-02-01, at: 09:00, event: enrolled}]}\n      - {id: ben}\n", "    children: []\n", "item_count"},
		{"twice", "{id: ben}", "{id: ana}", "twice value=ana"},
		{"unknown_value", "child: ana", "child: anna", "nearest=ana value=anna"},
		{"missing_key", "child: ana, benefit: seed, given: 50.00", "benefit: seed, reason: awarded", "missing_key key=child"},
		{"missing_key", "benefit: seed, given: 50.00", "benefit: seed, account: A, given: 50.00", "missing_key key=amount"},
		{"not_clock", "at: 09:00", "at: 25:00", "not_clock value=25:00"},
		{"not_mapping", "funds: {CITY: 60.00}", "funds: [CITY]", "examples[1].funds: not_mapping"},
		{"not_amount", "funds: {CITY: 60.00}", "funds: {CITY: much}", "not_amount value=much"},
		{"conflict_unfit", "    undo: {on_return: reverse_full}\n", "    conflict: admin_choice\n", "line 36: benefits[1].conflict: conflict_unfit conflict=admin_choice"},
		{"conflict_unfit", "    trigger: event(enrolled)\n", "    trigger: age(5)\n    conflict: earliest\n", "conflict_unfit"},
		{"conflict_unfit", "    trigger: event(enrolled)\n", "    trigger: event(enrolled)\n    once_per: account\n    conflict: first_come\n", "conflict_unfit"},
		{"unknown_value", "    trigger: event(enrolled)\n", "    trigger: event(enrolled)\n    conflict: first_com\n", "nearest=first_come"},
		{"once_per_unfit", "    undo: {on_return: reverse_full}\n", "    once_per: account\n", "line 36: benefits[1].once_per: once_per_unfit"},
		{"needs_household", "    trigger: event(enrolled)\n", "    trigger: event(enrolled)\n    once_per: household\n", "needs_household"},
		{"not_date", "event(enrolled)", "class(2026-13-01)", "line 24: benefits[0].trigger: not_date value=2026-13-01"},
		{"split_needs_class", "{fixed: 50.00}", "{split: 50.00}", "line 25: benefits[0].amount: split_needs_class"},
		{"class_amount", "trigger: event(enrolled)\n    amount: {fixed: 50.00}", "trigger: class(2026-10-01)\n    amount: {series: [50.00]}", "class_amount"},
		{"class_unfit", "trigger: event(enrolled)\n", "trigger: class(2026-10-01)\n    tiers: [{id: a, when: grade > 1}]\n", "class_unfit key=tiers"},
		{"one_formula", "trigger: event(enrolled)\n    amount: {fixed: 50.00}", "trigger: class(2026-10-01)\n    amount: {by: income}", "one_formula"},
		{"one_formula", "trigger: event(enrolled)\n    amount: {fixed: 50.00}", "trigger: class(2026-10-01)\n    amount: {fixed: 50.00, by: income}", "one_formula"},
		{"needs_number", "trigger: event(enrolled)\n    amount: {fixed: 50.00}", "trigger: class(2026-10-01)\n    amount: {split: 50.00, by: lunch}", "needs_number fact=lunch"},
		{"unknown_fact", "trigger: event(enrolled)\n    amount: {fixed: 50.00}", "trigger: class(2026-10-01)\n    amount: {split: 50.00, by: incom}", "nearest=income"},
		{"name_taken", "{name: viewed}", "{name: named}", "name_taken value=named"},
	}...)
}
