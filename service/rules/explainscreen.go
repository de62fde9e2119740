package rules

// ExplainScreened phrases what an account took of a deposit, and why not all.
func ExplainScreened(w Words, s Screened) []string {
	args := map[string]any{
		"taken": s.Taken, "parked": s.Parked, "refused": s.Refused, "most": s.Most, "room": s.Room, "on": s.On, "day": s.Day,
		"amount": s.Taken.Add(s.Parked).Add(s.Refused),
	}
	if s.Limit == "" {
		return []string{w.T("rules.screen.taken", args)}
	}
	if s.Year != "" {
		args["year"] = w.T("rules.period." + string(s.Year))
	}
	out := []string{w.T("rules.limit."+string(s.Limit), args)}
	switch {
	case s.Taken.Sign() > 0 && s.Parked.Sign() > 0:
		return append(out, w.T("rules.screen.part_parked", args))
	case s.Taken.Sign() > 0:
		return append(out, w.T("rules.screen.part_refused", args))
	case s.Parked.Sign() > 0:
		return append(out, w.T("rules.screen.parked", args))
	}
	return append(out, w.T("rules.screen.refused", args))
}
