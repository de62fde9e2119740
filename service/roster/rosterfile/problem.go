package rosterfile

// What keeps a row out.
const (
	idMissing   = "roster.problem.id_missing"
	nameMissing = "roster.problem.name_missing"
	roleMissing = "roster.problem.role_missing" // neither student nor adult
	idTwice     = "roster.problem.id_twice"     // what: line of the first
)

// What a person must settle before a child is used.
const (
	birthMissing      = "roster.problem.birth_missing"
	birthUnreadable   = "roster.problem.birth_unreadable"
	birthFuture       = "roster.problem.birth_future"
	birthTwo          = "roster.problem.birth_two" // two different ones
	nameIncomplete    = "roster.problem.name_incomplete"
	fileNumberMissing = "roster.problem.file_number_missing"
	deathUnreadable   = "roster.problem.death_unreadable"
	schoolMissing     = "roster.problem.school_missing"
	schoolUnknown     = "roster.problem.school_unknown" // not in the file
	schoolKind        = "roster.problem.school_kind"    // a college, department or district
	schoolTwo         = "roster.problem.school_two"
	roleUnsaid        = "roster.problem.role_unsaid"  // in a delta: fine for a child we know
	roleUnknown       = "roster.problem.role_unknown" // alone, it keeps the row out
	idClash           = "roster.problem.id_clash"     // another row has the id; what: its line
	numberTwice       = "roster.problem.number_twice" // another child has the number; what: its line
	sameChild         = "roster.problem.same_child"   // same name and birth date; what: the other's line
)

// What somebody should know.
const (
	bothRoles       = "roster.note.both_roles" // student and adult: not taken for a child
	gradeUnknown    = "roster.note.grade_unknown"
	gradeMany       = "roster.note.grade_many"
	languageUnknown = "roster.note.language_unknown"
	zipUnclear      = "roster.note.zip_unclear"
	statusUnknown   = "roster.note.status_unknown"
	guardianUnknown = "roster.note.guardian_unknown"
	guardianMany    = "roster.note.guardian_many" // more than maxAgents
	guardianStudent = "roster.note.guardian_student"
	personUnknown   = "roster.note.person_unknown" // a role, enrollment or demographic of nobody
	orgUnknown      = "roster.note.org_unknown"
	schoolGuess     = "roster.note.school_chosen" // most enrollments of several schools
	ended           = "roster.note.ended"         // enrollment ended before the day
	codeTwice       = "roster.note.code_twice"    // schools sharing an identifier
	fileUndeclared  = "roster.note.file_undeclared"
	fileUnread      = "roster.note.file_unread"
)
