package demo

// Names for people who do not exist, as one might read them on the class lists
// of an American city.
var givenNames = []string{
	"Aaliyah", "Adrián", "Amara", "Amir", "Ana Lucía", "Anh", "Aria", "Benjamin", "Camila", "Chidi", "Chloe", "Daniel", "Dante", "Diego",
	"Elena", "Eli", "Emma", "Ethan", "Fatima", "Gabriela", "Grace", "Hannah", "Hector", "Imani", "Isaac", "Isabella", "Jade", "Jamal",
	"Jayden", "José", "Joy", "Kaʻiulani", "Kai", "Kiara", "Layla", "Leo", "Liam", "Linh", "Lucas", "Lucía", "Malik", "Mateo", "Maya", "Mei",
	"Mía", "Minh", "Mohamed", "Naomi", "Nia", "Noah", "Nura", "Olivia", "Omar", "Owen", "Priya", "Quinn", "Rafael", "Ravi", "Rosa", "Ruth",
	"Samir", "Santiago", "Sofía", "Talia", "Thiago", "Tomás", "Valentina", "Wei", "Xavier", "Ximena", "Yara", "Yusuf", "Zahra", "Zoë",
}

var familyNames = []string{
	"Adams", "Ahmed", "Álvarez", "Anderson", "Baker", "Banerjee", "Begum", "Bianchi", "Brown", "Carter", "Castillo", "Chen", "Cohen", "Cruz",
	"Davis", "Delgado", "Diaz Romero", "Dubois", "Edwards", "Evans", "Fernández", "Fischer", "Flores", "Foster", "García", "García López",
	"Gonzalez", "Green", "Gupta", "Hall", "Harris", "Hernández", "Hill", "Huynh", "Ibrahim", "Jackson", "Jean-Baptiste", "Johnson", "Jones",
	"Kaleo", "Khan", "Kim", "King", "Kowalski", "Lee", "Lewis", "Lin", "López", "Martin", "Martínez", "Mendoza", "Miller", "Mitchell", "Moore",
	"Morales", "Murphy", "Nelson", "Nguyễn", "Núñez", "O’Brien", "Okafor", "Ortiz", "Park", "Patel", "Pérez", "Phillips", "Ramírez", "Reyes",
	"Rivera", "Roberts", "Robinson", "Rodríguez", "Ruiz", "Sánchez", "Scott", "Silva", "Singh", "Smith", "Taylor", "Thomas", "Torres", "Trần",
	"Turner", "Vargas", "Walker", "Washington", "White", "Williams", "Wilson", "Wong", "Wright", "Young", "Zhang",
}

// school is one of the city's elementary schools.
type school struct{ code, name string }

var schools = []school{
	{"R01", "Bridge Street Elementary"}, {"R02", "Cedar Hill Elementary"}, {"R03", "Douglass Elementary"},
	{"R04", "East Bank School"}, {"R05", "Franklin Elementary"}, {"R06", "Garden Elementary"},
	{"R07", "Harbor View School"}, {"R08", "Lincoln Elementary"}, {"R09", "Mill Creek Elementary"},
	{"R10", "Roosevelt Elementary"}, {"R11", "Sojourner Truth Elementary"}, {"R12", "Washington Park School"},
}

// languages spoken at home, as often as they stand here.
var languages = []string{"en", "en", "en", "en", "en", "en", "es", "es", "es", "vi"}

var grades = []string{"KG", "01", "02", "03", "04", "05"}

// channels by which families pay in, as often as they stand here.
var channels = []string{"cash", "cash", "cash", "ach", "ach", "ach", "payroll", "payroll", "check", "gift"}

// usual are amounts that families put aside, most of them small.
var usual = []string{"5", "5", "10", "10", "10", "12", "15", "20", "20", "25", "25", "30", "40", "50", "7.50", "100"}
