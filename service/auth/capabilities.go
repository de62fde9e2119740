package auth

import (
	"maps"
	"slices"
)

// Role is a set of duties that an account may have.
type Role string

// The roles of staff. Guardians and youth have the families' door; funders and
// school contacts get roles when a door of theirs opens. The platform's
// administrator is whoever holds the server's command line: no account reaches
// across organizations.
const (
	TenantAdmin    Role = "tenant_admin"    // staff accounts; sees, moves no money
	ProgramManager Role = "program_manager" // proposes rules and runs
	Operator       Role = "operator"        // rosters, deposits, corrections: the maker
	Approver       Role = "approver"        // approves what others made: the checker
	Support        Role = "support"         // answers families
	Auditor        Role = "auditor"         // reads everything, changes nothing
)

// Roles are all roles, in the order people are offered them.
var Roles = []Role{TenantAdmin, ProgramManager, Operator, Approver, Support, Auditor}

// clashes are roles that one account may not have together: a maker with a
// checker, and an auditor with anyone who writes.
var clashes = [][2]Role{
	{Operator, Approver},
	{ProgramManager, Approver},
	{Auditor, TenantAdmin},
	{Auditor, ProgramManager},
	{Auditor, Operator},
	{Auditor, Approver},
}

// Capability is one thing that a page or command does.
type Capability string

// The capabilities. A route names one of them.
const (
	SeeHome          Capability = "see_home"
	SeeTotals        Capability = "see_totals"      // money and counts of a program
	SeeChildren      Capability = "see_children"    // children's records, masked
	SeeNames         Capability = "see_names"       // the same, unmasked
	ChangeChildren   Capability = "change_children" // names, schools, guardians
	SeeProtected     Capability = "see_protected"   // what only who needs to know sees: foster care, adoption, papers and notes
	ActInBulk        Capability = "act_in_bulk"     // with many children at once; what is done with each has a capability of its own
	HoldAccounts     Capability = "hold_accounts"   // place holds, and lift those of another
	SeeRosters       Capability = "see_rosters"
	UploadRosters    Capability = "upload_rosters"
	CommitRosters    Capability = "commit_rosters"
	SeeDeposits      Capability = "see_deposits"
	ImportDeposits   Capability = "import_deposits"
	SeeCustody       Capability = "see_custody"        // who holds the money, and what they sent
	TakeBankFiles    Capability = "take_bank_files"    // their files, which move nothing
	ReleaseBankFiles Capability = "release_bank_files" // that contradict themselves, and that another brought
	ClearLines       Capability = "clear_lines"        // match and book what banks say; ask for a day's signature
	ManageCustody    Capability = "manage_custody"     // who holds the money
	SeeWithdrawals   Capability = "see_withdrawals"    // what goes out, and in which batches
	AskWithdrawals   Capability = "ask_withdrawals"    // on behalf of a family; papers, review, what came back
	SeePayees        Capability = "see_payees"         // whom money goes to, with the last places of their accounts
	ManagePayees     Capability = "manage_payees"      // enter how somebody is paid; another looks at it
	MakePayments     Capability = "make_payments"      // put what is due into a batch; note what a bank answers
	TakePayments     Capability = "take_payments"      // take a batch's file out, for the bank
	ImportFacts      Capability = "import_facts"       // what agencies and families report
	SeeImports       Capability = "see_imports"        // files of all kinds, and what became of them
	ImportFiles      Capability = "import_files"       // check files, and mend them; applying is each kind's own
	Correct          Capability = "correct"            // propose a reversal or correction
	ApproveMoney     Capability = "approve_money"      // approve a reversal, correction or run
	SeeApprovals     Capability = "see_approvals"      // what waits for a second person, and what was decided
	AskApproval      Capability = "ask_approval"       // withdraw what one asked for; propose limits
	DecideRequests   Capability = "decide_requests"    // approve, return or refuse; limits by role and kind are service/approval's
	SeeFunds         Capability = "see_funds"          // funds and their roll-forward
	ManageFunds      Capability = "manage_funds"       // receipts of funders' money, restrictions
	PrepareFunds     Capability = "prepare_funds"      // hand in what a receipt or a restriction rests on
	SeeRules         Capability = "see_rules"
	DraftRules       Capability = "draft_rules"
	ApproveRules     Capability = "approve_rules"
	TryRules         Capability = "try_rules"       // a trial over the caseload changes nothing
	SeeRequests      Capability = "see_requests"    // what families ask for
	HandleRequests   Capability = "handle_requests" // ask back, refuse, say that it is done
	AgreeRequests    Capability = "agree_requests"  // to money that a family asks for; paying it out is another's
	SeeNotices       Capability = "see_notices"     // what was written to families, and what became of it
	WordNotices      Capability = "word_notices"    // the program's own words
	SendNotices      Capability = "send_notices"    // to many at once
	SeeLetters       Capability = "see_letters"     // the log of letters to families
	PrintLetters     Capability = "print_letters"   // with codes that open an account
	SeeSettings      Capability = "see_settings"    // how a program is set up
	ManageSettings   Capability = "manage_settings" // ask for another name or threshold
	SeeJobs          Capability = "see_jobs"
	RunJobs          Capability = "run_jobs"
	SeeStatements    Capability = "see_statements"
	MakeStatements   Capability = "make_statements"
	SeeBooks         Capability = "see_books" // trial balance, journal
	VerifyBooks      Capability = "verify_books"
	ClosePeriods     Capability = "close_periods" // ask to close or open a month, explain what is not settled
	SeeTrail         Capability = "see_trail"
	SeeStaff         Capability = "see_staff"
	ManageStaff      Capability = "manage_staff"
	SeeKeys          Capability = "see_keys"         // keys of the API, without their secrets
	ManageKeys       Capability = "manage_keys"      // make and withdraw them
	ApproveStaff     Capability = "approve_staff"    // another's roles, as somebody proposed them
	ApproveRecovery  Capability = "approve_recovery" // a new start for who lost a factor
	PostDeposits     Capability = "post_deposits"    // puts money on accounts
	ExportNames      Capability = "export_names"     // files of personal data
	ManageOwnAccount Capability = "manage_own_account"
	ProveSelf        Capability = "prove_self"     // what half a session is for
	ManageFactors    Capability = "manage_factors" // the own password, app and passkeys
)

// holding is who has a capability, and whether using it takes a second factor
// that is minutes old.
type holding struct {
	roles  []Role
	stepUp bool
}

// to gives a capability to roles.
func to(roles ...Role) holding { return holding{roles: roles} }

// freshly gives it to who has just shown a second factor: what moves money,
// takes personal data out, or changes who may do what.
func freshly(roles ...Role) holding { return holding{roles: roles, stepUp: true} }

// everyone is everybody on the staff.
var everyone = Roles

// StepUp reports whether a capability asks for a second factor that is minutes
// old.
func (c Capability) StepUp() bool { return table[c].stepUp }

// table is who may do what (reliability.md §4.2). It is the only place that
// says so: handlers, pages that hide buttons and the generated tests read it.
var table = map[Capability]holding{
	SeeHome:          to(everyone...),
	ManageOwnAccount: to(everyone...),
	SeeTotals:        to(everyone...),
	SeeChildren:      to(everyone...),
	SeeNames:         to(Operator, Approver),
	ChangeChildren:   to(Operator),
	SeeProtected:     to(Operator, Approver),
	ActInBulk:        to(Operator, Approver),
	HoldAccounts:     to(Operator, Approver),
	SeeRosters:       to(ProgramManager, Operator, Approver, Auditor),
	UploadRosters:    to(Operator),
	CommitRosters:    to(Operator),
	SeeDeposits:      to(ProgramManager, Operator, Approver, Support, Auditor),
	ImportDeposits:   to(Operator),
	SeeCustody:       to(ProgramManager, Operator, Approver, Auditor),
	TakeBankFiles:    to(Operator),
	ReleaseBankFiles: freshly(Approver),
	ClearLines:       to(Operator),
	ManageCustody:    freshly(ProgramManager),
	SeeWithdrawals:   to(ProgramManager, Operator, Approver, Support, Auditor),
	AskWithdrawals:   to(Operator),
	SeePayees:        to(Operator, Approver, Auditor),
	ManagePayees:     freshly(Operator),
	MakePayments:     freshly(Operator),
	TakePayments:     freshly(Operator),
	ImportFacts:      to(Operator),
	SeeImports:       to(ProgramManager, Operator, Approver, Auditor),
	ImportFiles:      to(Operator),
	Correct:          to(Operator),
	ApproveMoney:     freshly(Approver),
	SeeApprovals:     to(TenantAdmin, ProgramManager, Operator, Approver, Auditor),
	AskApproval:      to(TenantAdmin, ProgramManager, Operator),
	DecideRequests:   freshly(Approver),
	SeeFunds:         to(everyone...),
	ManageFunds:      freshly(ProgramManager),
	PrepareFunds:     to(ProgramManager),
	SeeRules:         to(everyone...),
	DraftRules:       to(ProgramManager),
	ApproveRules:     freshly(Approver),
	TryRules:         to(ProgramManager, Approver),
	SeeRequests:      to(ProgramManager, Operator, Approver, Support, Auditor),
	HandleRequests:   to(Operator, Support),
	AgreeRequests:    to(Operator),
	SeeNotices:       to(ProgramManager, Operator, Approver, Support, Auditor),
	WordNotices:      to(ProgramManager),
	SendNotices:      freshly(ProgramManager, Operator),
	SeeLetters:       to(ProgramManager, Operator, Approver, Support, Auditor),
	PrintLetters:     freshly(Operator),
	SeeSettings:      to(everyone...),
	ManageSettings:   freshly(ProgramManager),
	SeeJobs:          to(ProgramManager, Operator, Approver, Support, Auditor),
	RunJobs:          freshly(ProgramManager, Operator),
	SeeStatements:    to(ProgramManager, Operator, Approver, Support, Auditor),
	MakeStatements:   to(Operator),
	SeeBooks:         to(TenantAdmin, ProgramManager, Operator, Approver, Auditor),
	VerifyBooks:      to(ProgramManager, Operator, Approver, Auditor),
	ClosePeriods:     freshly(ProgramManager, Operator),
	SeeTrail:         to(TenantAdmin, Auditor),
	SeeStaff:         to(TenantAdmin, Approver, Auditor),
	ManageStaff:      freshly(TenantAdmin),
	ApproveStaff:     freshly(Approver),
	ApproveRecovery:  freshly(TenantAdmin, Approver), // three people have rarely two administrators
	PostDeposits:     freshly(Operator),
	ExportNames:      freshly(Approver),
	ProveSelf:        to(everyone...),
	ManageFactors:    freshly(everyone...),
	SeeKeys:          to(TenantAdmin, Auditor),
	ManageKeys:       freshly(TenantAdmin),
}

// Capabilities lists every capability, sorted, for tests that walk them all.
func Capabilities() []Capability { return slices.Sorted(maps.Keys(table)) }

// checkRoles returns ErrRole for none, an unknown or a repeated role, and
// ErrRolesClash for two that exclude each other.
func checkRoles(roles []Role) error {
	if len(roles) == 0 {
		return ErrRole
	}
	seen := map[Role]bool{}
	for _, r := range roles {
		if !slices.Contains(Roles, r) || seen[r] {
			return ErrRole
		}
		seen[r] = true
	}
	for _, c := range clashes {
		if seen[c[0]] && seen[c[1]] {
			return ErrRolesClash
		}
	}
	return nil
}
