package likeness

import "strings"

// nicknames are groups of first names by which one child goes in English and
// Spanish, spellings of one name from another script among them. Names, not
// statistics: a pair counts when both are in one group.
const nicknames = `
alexander alejandro alex alec xander sandro ale alejo
alexandra alejandra alex alexa lexi sandra ale
andrew andres andy drew
anthony antonio tony toño
barbara barb bobbie
benjamin ben benny benji
catherine katherine kathryn catalina kate katie kathy cathy kat kati cata
charles carlos charlie chuck carlitos
christina cristina tina chris christy
christopher cristobal cristian christian chris topher cris
concepcion concha conchita
daniel dan danny dani
daniela dani ela
david dave davey
deborah debra debbie deb
dolores lola loli
dorothy dot dottie
edward eduardo ed eddie ted lalo
elizabeth isabel elisabeth eliza liz lizzie beth betty betsy ellie isa chabela
emily emilia emmy em
enrique henry kike quique hank harry
ernesto ernest neto ernie
eugene gene
ezekiel zeke
francisca frances fran paquita panchita
francisco francis frank paco pancho kiko fran
frederick fred freddy federico fede
gabriel gabe gabi
gabriela gabrielle gabby gabi
gerald gerardo gerry jerry
gregory gregorio greg goyo
graciela chela
guadalupe lupe lupita
guillermo william memo will bill billy willy liam
hector tito
ignacio nacho
isabella bella izzy isa
isaiah izzy
jacob jake jacobo
james jaime jim jimmy jamie
jacqueline jackie
jennifer jen jenny jenni
jesus chuy chucho
jessica jess jessie
john juan jack johnny juanito jon jonathan jonny
jose joseph pepe joe joey josé chepe
josefina josephine pepita fina josie
joshua josh josue
katarina katrina
kenneth ken kenny
kevin kev
lawrence lorenzo larry
leonardo leo leonard
lucia lucy lucha
luis louis lucho
manuel manny manolo meño
margaret margarita maggie meg peggy greta mago
maria mary mari maru
mariana mari ana
matthew mateo matt matty teo
maximilian maximiliano max
michael miguel mike mikey mick
mohammed muhammad mohamed mohammad muhammed mohamad
nathaniel nathan nate
natalie natalia nati nat
nicholas nicolas nick nico
olivia liv livvy
patricia pat patty trish pati
patrick patricio pat
paul pablo pauly
pedro peter pete perico
rafael raphael rafa
raymond ramon ray moncho
rebecca rebeca becky becca
refugio cuca cuco
richard ricardo rick dick rich ricky rico richie
robert roberto bob bobby rob robbie beto
roberto beto
alberto albert beto al
rosario chayo charo
samuel sam sammy
samantha sam sammy
sarah sara sally
santiago chago santi tiago
sebastian seba bastian
sofia sophia sophie sofi
stephen steven esteban steve stevie
stephanie estefania steph stefi
susan susana susie sue
teresa theresa tere terry
theodore teodoro theo teddy ted
thomas tomas tom tommy
timothy tim timmy timoteo
valentina vale tina
valeria valerie vale val
veronica vero ronnie
victoria vicky tori vicki
vincent vicente vince vinny chente
xavier javier javi xavi
yusuf yousef youssef joseph
zachary zachariah zack zach
`

// known are the groups that each nickname stands in.
var known = groups()

func groups() map[string][]int {
	out := map[string][]int{}
	for i, line := range strings.Split(strings.TrimSpace(nicknames), "\n") {
		for _, name := range strings.Fields(line) {
			name = strings.ReplaceAll(strings.ReplaceAll(name, "ñ", "n"), "é", "e")
			out[name] = append(out[name], i)
		}
	}
	return out
}

// nicknamed reports two first names of one child.
func nicknamed(a, b string) bool {
	for _, i := range known[a] {
		for _, j := range known[b] {
			if i == j {
				return true
			}
		}
	}
	return false
}
