package extractive

// Words of general English that ask for what another one states. A line is a
// group; a word may stand in several. They are the everyday words of a small
// thesaurus, by and by through what people speak of, for no subject in
// particular.
const alike = `
amount sum number count total figure quantity
most maximum highest limit longest top
least minimum lowest shortest
more extra additional further another add
increase raise grow rise
decrease reduce shrink fall drop lower cut cheaper
part piece section share portion
whole entire complete total
half 50
two twice double pair couple both
group party team band
big large size great huge
small little tiny slight minor
tall high height altitude
deep depth
wide width broad
long length duration last
heavy weigh weight load kilogram
far distance mile kilometre metre away
warm hot heat temperature degree
cold cool freeze frost temperature degree
strong strength powerful power
loud noise noisy sound
quiet silent calm
full fill capacity hold
thick thickness
edge side border
middle centre halfway
upper top above summit peak
lower bottom below base
near close beside next
kind sort type

cost price charge fee rate expensive cheap pay tariff fare
pay settle payment bill invoice
wage salary earn income pay
fine penalty charge surcharge fee
refund return reimburse repay back claim
money cash coin fund
cheap reduce reduction concession bargain
free gratis nothing waive unpaid
buy purchase order acquire
sell sale shop
deposit security guarantee
owe debt due outstanding unpaid overdue
bill invoice statement
receipt docket proof
gift present give donate
rent hire lease
lend loan borrow
insure insurance cover
member membership subscription join due
ticket pass card token
pension retire elderly senior old

begin start commence open
end finish stop close complete cease
valid expire last
last final latest
late overdue delay behind
early ahead advance beforehand prior future notice
immediate instant prompt
quick fast speed rapid soon
often frequent every regular
wait delay queue
month monthly
day daily
week weekly
year yearly annual annually
hour hourly
evening night overnight dark
morning dawn sunrise
noon midday lunch
weekend saturday sunday
holiday vacation
date day deadline
birthday born
age old young
new newcomer fresh recent beginner
normal ordinary usual standard regular

allow permit may let accept
forbid prohibit ban bar
need require must necessary mandatory compulsory oblige
rule regulation law policy condition
ask request apply demand
agree consent
refuse reject decline deny
decide decision outcome result judge
appeal challenge object dispute disagree
complain complaint grievance
choose select pick choice option
safe secure protect guard
danger hazard risk unsafe
punish penalty

leave depart exit quit go departure
arrive come reach get arrival
enter entry entrance access admission admit join
return back bring
carry transport take bring
send mail post ship deliver dispatch
fetch collect pick
travel journey trip ride tour drive outing
cycle bike bicycle rider
car vehicle drive
train rail railway coach carriage
boat ship
fly flight plane
walk foot hike
climb ascend ascent
swim bathe swimmer
turn rotate
road street path lane route
lift hoist elevator
visit visitor guest

keep store hold save retain storage
put place set lay
give hand provide supply issue
get receive obtain
lose miss missing stray astray
find discover locate
share split divide
join connect link attach tie fasten
change alter modify switch edit adjust
exchange swap trade
replace substitute spare replacement
extend prolong renew longer extension
delete remove erase clear
cancel revoke drop
give surrender
cut trim saw
break damage crack harm fault
swell swollen puff
repair fix mend service maintain
correct right fix repair
clean wash scrub rinse tidy
dirty soil
wet damp rain
burn fire flame
build construct
rot decay compost
pile heap stack
shut close lock
cover lid
use usage

tool equipment gear machine kit
engine motor machine
power electric electricity current electrify
battery power
light lamp bulb
bag sack case luggage suitcase baggage
box crate case carton container basket
bottle flask
rubbish waste trash garbage bin
paper form document sheet
letter mail post
phone telephone call ring dial
internet online web website
screen display monitor
show display see view visible
picture photo photograph image
tell inform notify warn report
message notice note announce
talk speak discuss speech
advise advice recommend suggest
explain describe
write note record
list register record
book reserve reservation
teach instruct train instruction lesson briefing course
learn study learner
lesson class course session
school pupil student class
teacher instructor trainer
test exam trial examine check
check inspect examine control
certificate proof evidence document
name title
code password number
answer reply respond response
meet meeting gather gathering assembly
event celebrate celebration party
marry wedding
vote elect election ballot
committee board council
lead head run charge leader chair organise
head chief director boss
plan design designer programme scheme

person people human individual
man men gentleman male
woman women lady female
child kid son daughter boy girl young junior
baby infant toddler
adult grown grown-up
parent mother father family
family household relative
friend companion
helper assistant companion carer accompany
help assist aid support
customer client buyer
worker employee staff personnel crew
job work employment
volunteer unpaid help
doctor physician vet medical
ill sick unwell illness disease ailment sickness fever
pain hurt ache
hurt injure wound injury
medicine drug pill medication
vaccinate inoculate vaccination jab injection
die dead death bereavement mourn
disabled handicapped disability wheelchair
blind sight
deaf hear
happy glad
afraid scare fear
trust reliable
crowd busy

eat food meal feed
drink beverage
sleep bed night
home house live
room accommodation lodging
building house hall
toilet lavatory restroom
door gate entrance
floor storey
office desk counter reception
address location live
place site position location spot
town city village municipal
abroad foreign overseas
garden yard plot
wood timber
tree branch
animal pet
dog hound puppy
cat kitten
pool basin tank
storm thunder lightning
wind gust storm
clothes wear dress
shoe boot
hat helmet
steel metal iron
fault error mistake problem trouble
easy simple
cause reason
`
