"""The list of goods `targeting.simulate.goods` reads.

A line in brackets opens a sector: its name, its kind of container, its origins with weights.
Every other line is HS code | price per kg | kg per package | duty % | harvest months | words.
"""

GOODS_LIST = """
[fresh reefer] IR:6 TR:4 UZ:3 EC:1 EG:1.5 CN:1 AZ:1.5 PK:1
070190|0.35|25|10|6-10|fresh potatoes in bags;ware potatoes;potatoes
070200|0.85|8|15|5-9|fresh tomatoes in boxes;tomatoes;vine tomatoes chilled
070310|0.32|25|10|7-11|onions in nets;fresh onions;yellow onions
070490|0.45|20|10|6-10|white cabbage;fresh cabbage and cauliflower
070700|0.80|6|15|4-9|fresh cucumbers;cucumbers in cartons
070960|1.05|7|15|5-10|sweet peppers;fresh capsicum
070993|0.40|20|10|8-11|pumpkins and squash;fresh pumpkin
080390|0.75|18|5||bananas in boxes;fresh bananas;bananas green
080410|1.60|5|10|9-1|dates in boxes;dates pitted;fresh dates
080510|0.62|15|10|11-4|fresh oranges;oranges in boxes
080521|0.70|12|10|10-2|mandarins;fresh mandarins and clementines
080550|0.80|15|10|11-5|lemons;fresh lemons in boxes
080610|1.10|8|15|7-11|fresh table grapes;grapes
080711|0.30|500|10|5-9|watermelons in bulk;fresh watermelons
080719|0.50|15|10|6-9|melons;fresh melons
080810|0.65|18|10|9-3|fresh apples;apples in boxes
080930|0.95|8|10|6-9|peaches and nectarines;fresh peaches
081050|0.90|10|10|10-3|kiwi fruit;fresh kiwifruit in trays
081090|1.25|5|10|9-12|pomegranates;fresh pomegranates and persimmons
060311|5.50|6|15|1-4|cut roses;fresh cut flowers
[food dry] TR:3 IR:3 RU:4 CN:2 IN:2 UA:1.5 DE:1 PL:1
040690|5.20|10|15||cheese in blocks;semi-hard cheese
080251|7.50|20|5|9-1|pistachios in shell;roasted pistachios
080620|1.80|12|5|9-2|raisins;dried grapes sultanas
090111|3.60|60|0||green coffee beans;coffee not roasted
090240|3.10|25|5||black tea in bags;black tea bulk
090931|2.90|25|5||cumin seeds;cumin whole
100630|0.82|50|5||milled rice;long grain rice;basmati rice in bags
110100|0.36|50|5||wheat flour;flour first grade
120600|0.55|40|0||sunflower seeds;confectionery sunflower seeds
150790|1.05|180|5||soya bean oil refined;soybean oil
151219|1.15|15|10||sunflower oil bottled;refined sunflower oil
170199|0.58|50|10||white sugar;refined sugar in bags
170490|2.60|6|15||sugar confectionery;caramels and toffees
180632|4.60|6|15||chocolate bars;chocolate in blocks
190219|0.95|10|10||pasta uncooked;spaghetti
190531|2.30|5|15||sweet biscuits;biscuits and cookies
200290|1.05|200|10|8-11|tomato paste in drums;tomato paste aseptic
200989|1.25|220|10||fruit juice concentrate;pomegranate juice
210111|9.50|8|10||instant coffee;coffee extract
210390|2.10|10|10||sauces and seasonings;mayonnaise and ketchup
210690|4.80|12|5||food preparations;food supplement blend
230990|0.60|25|0||animal feed preparation;feed premix
[meat reefer] BR:3 RU:3 UA:1 IN:2 US:2 PL:1 KZ:1
020230|4.20|25|15||frozen boneless beef;beef cuts frozen
020714|1.50|15|15||frozen chicken cuts;chicken leg quarters frozen
030389|2.10|20|10||frozen fish;frozen mackerel
040510|4.90|25|15||butter;butter in blocks
[drinks dry] DE:2 RU:3 GE:4 FR:1 IT:2 GB:1 TR:1
220210|0.65|9|15||soft drinks;flavoured mineral water
220300|0.85|9|15||beer in cans;beer
220421|3.20|8|15||wine in bottles;red wine bottled
220830|11.0|9|15||whisky in bottles;whisky
220860|3.40|9|15||vodka in bottles;vodka
[tobacco dry] AE:2 BY:2 RU:2 AZ:1 TR:2 IN:1
240120|4.50|200|5||tobacco stripped;raw tobacco leaf
240220|21.0|12|15||cigarettes;filter cigarettes in cases
240399|7.50|12|15||water pipe tobacco;smoking tobacco
[minerals open] IR:3 RU:3 TR:2 KZ:2 UZ:1 CN:1
250100|0.09|1000|5||salt;industrial salt in big bags
251512|0.16|2000|5||marble blocks;marble slabs rough
252329|0.08|1500|5||portland cement;cement in bags
260111|0.11|20000|0||iron ore;iron ore concentrate
271019|0.72|20000|5||gas oil;heavy oils
271320|0.38|20000|5||petroleum bitumen;bitumen
720230|1.10|1000|0||ferrosilicon in big bags;ferro-alloys
720449|0.30|20000|0||steel scrap;ferrous waste and scrap
740400|5.60|900|0||copper scrap;copper waste
[chemicals tank] CN:4 RU:3 DE:2 IR:2 TR:2 IN:2 KR:1
281511|0.42|25|5||caustic soda flakes;sodium hydroxide
283620|0.28|1000|5||soda ash;disodium carbonate
290511|0.36|20000|0||methanol;methyl alcohol
291521|0.72|1000|0||acetic acid;acetic acid glacial
291524|1.05|1000|0||acetic anhydride
310210|0.34|1000|0|2-5|urea in bags;carbamide fertiliser
310520|0.52|1000|0|2-5|NPK fertiliser;mineral fertiliser
320890|3.10|20|10||paints and varnishes;solvent paint
340220|1.45|10|15||washing powder;detergents for retail
350610|3.90|10|10||adhesives;glue for retail
380894|2.80|20|5||disinfectants;disinfectant liquid
381121|2.40|180|5||lubricant additives;additive package
[pharma reefer] DE:4 IN:4 FR:2 TR:2 IT:1 RU:1 CN:1
300220|160|5|0||vaccines for human use;vaccines
300420|62|6|0||antibiotics in packs;medicaments with antibiotics
300490|48|6|0||medicaments for retail;tablets packed for sale
300510|9.5|8|5||dressings;adhesive bandages
330300|28|7|15||perfumes;perfume and toilet water
330499|14|8|15||skin care preparations;cosmetics
330510|4.2|9|15||shampoos;hair shampoo
330610|5.5|9|15||toothpaste;dental hygiene preparations
[plastics dry] CN:5 TR:3 IR:3 RU:2 KR:2 DE:1 UZ:1
390110|1.12|25|0||polyethylene granules;LDPE granulate
390210|1.08|25|0||polypropylene granules;polypropylene
391723|1.90|40|10||PVC pipes;plastic pipes
391990|3.20|15|10||self-adhesive film;adhesive tape
392010|2.10|25|10||polyethylene film;stretch film
392330|2.60|10|10||plastic bottles;PET preforms
392410|3.30|9|15||plastic tableware;kitchenware of plastic
392490|3.10|9|15||household articles of plastic;plastic buckets
392690|4.10|10|10||articles of plastics;plastic parts
401110|4.30|9|10||tyres for cars;new pneumatic tyres
401120|3.60|55|10||tyres for trucks;truck tyres
401693|9.80|8|5||rubber gaskets;seals of rubber
[wood dry] RU:5 CN:3 TR:2 IR:1 PL:1 DE:1
440710|0.42|1200|0||sawn pine timber;coniferous wood sawn
441112|0.62|900|10||MDF boards;fibreboard
441239|0.95|900|10||plywood;plywood sheets
441820|3.40|35|15||wooden doors;doors and frames of wood
480100|0.75|600|0||newsprint;newsprint in rolls
480256|1.10|25|5||office paper A4;copy paper
480300|1.35|12|10||tissue paper;sanitary paper stock
481810|1.80|9|15||toilet paper;hygiene paper
481910|1.25|20|10||corrugated boxes;cartons
490199|6.50|14|0||printed books;books
[textiles dry] CN:6 TR:4 UZ:2 BD:2 IN:2 VN:1 KG:1 IT:0.5
520100|1.75|220|0||cotton lint;raw cotton
520512|3.10|50|5||cotton yarn;yarn of cotton
520942|7.60|60|10||denim fabric;cotton denim
540752|6.20|40|10||woven fabric of polyester;polyester fabric
570242|4.80|30|15||carpets woven;pile carpets
600632|5.90|40|10||knitted fabric;knit fabric dyed
610462|11.5|14|15||women's trousers knitted;ladies trousers
610910|12.5|12|15||T-shirts of cotton;T-shirts knitted
611020|14.5|13|15||cotton pullovers;sweaters
611595|9.50|12|15||cotton socks;hosiery
620342|14.0|16|15||men's trousers of cotton;jeans
620293|19.0|14|15||women's jackets;anoraks for women
630260|7.20|15|15||towels of cotton;terry towels
630790|5.40|12|10||made-up textile articles;textile articles
630900|1.20|45|10||worn clothing;second-hand clothing in bales
[footwear dry] CN:6 TR:3 VN:2 IT:1 IN:1 IR:0.5
420212|9.80|12|15||suitcases;travel bags of plastics
420222|13.5|9|15||handbags;ladies handbags of textile
640299|8.60|13|15||footwear with rubber soles;shoes of plastics
640399|19.5|12|15||leather shoes;footwear of leather
640411|12.0|12|15||sports shoes;training shoes
640610|6.40|15|5||shoe uppers;parts of footwear
[ceramics dry] CN:4 IR:4 TR:3 IT:1 ES:1 RU:1
680221|0.55|1200|10||marble tiles;worked marble
690721|0.48|28|15||ceramic floor tiles;porcelain tiles
691010|1.60|25|15||sanitary ware;wash basins
691110|3.40|14|15||porcelain tableware;dinner sets
700529|0.62|1500|10||float glass;glass sheets
701090|0.70|300|5||glass bottles;glass jars
701337|2.30|12|15||drinking glasses;glassware
[metals dry] RU:4 CN:5 TR:3 IR:2 UA:1 KZ:1 DE:1
720839|0.68|8000|5||hot rolled coils;flat steel
721049|0.92|6000|5||galvanised sheet;steel coated with zinc
721420|0.62|2500|10||reinforcing bars;rebar
730630|1.05|1500|10||welded steel tubes;steel pipes
730890|2.10|900|10||steel structures;parts of structures
731815|3.20|25|10||bolts and screws;fasteners
732393|6.80|14|15||stainless steel kitchenware;cookware
741110|9.40|60|5||copper tubes;pipes of copper
760421|4.10|40|10||aluminium profiles;hollow aluminium profiles
761510|7.20|12|15||aluminium cookware;pans
820730|19.0|20|5||pressing tools;dies
830140|8.20|18|10||locks;door locks
[machinery dry] CN:5 DE:4 TR:2 IT:3 RU:2 KR:1 JP:1 US:1
840734|14.0|120|5||petrol engines;engines for vehicles
841370|9.50|60|5||centrifugal pumps;water pumps
841430|11.0|40|5||refrigeration compressors;compressors
841510|6.90|35|10|4-8|air conditioners;split systems
841810|5.20|65|10||refrigerators;household refrigerators
842139|16.0|20|5||filters for gases;air filters
843143|9.80|400|0||parts of drilling machines;drill parts
843290|5.10|60|0|2-5|parts of ploughs;agricultural parts
842952|6.40|21000|5||excavators;crawler excavators
845011|5.60|70|10||washing machines;automatic washing machines
847130|160|8|0||laptops;portable computers
847330|72|7|0||computer parts;parts of computers
848180|13.5|25|5||valves and taps;taps
848210|17.0|15|5||ball bearings;bearings
[electronics dry] CN:7 KR:2 DE:1 VN:2 JP:1 MY:1 TR:0.7 US:0.7
850131|24.0|15|5||DC motors;electric motors
850440|21.0|10|5||power supplies;static converters
850760|19.0|18|5||lithium batteries;accumulators
851712|210|6|0||telephones;mobile phones
851713|240|6|0||smartphones;mobile telephones
851830|38.0|8|10||headphones;earphones
852851|17.0|12|5||monitors;displays
852872|14.0|16|10||television sets;LED televisions
853710|31.0|20|5||control panels;switchboards
854449|8.40|40|10||electric cables;insulated wire
854143|9.20|25|0||solar modules;photovoltaic panels
940511|9.10|9|15||LED lamps;ceiling lamps
[strategic dry] DE:3 US:3 JP:2 KR:2 CN:4 NL:2 MY:1 FR:1
851762|185|7|0||routers;communication apparatus;switching apparatus
852691|310|5|0||radio navigation apparatus;navigation receivers
853221|420|4|0||tantalum capacitors;capacitors
853224|230|4|0||ceramic capacitors;multilayer capacitors
854231|900|4|0||processors;integrated circuits processors
854232|820|4|0||memories;integrated circuits memory
854239|640|4|0||integrated circuits;electronic integrated circuits
880730|260|10|0||parts of aircraft;aircraft parts
901480|340|6|0||navigation instruments;navigational instruments
901320|280|6|0||lasers;laser devices
[vehicles dry] CN:5 DE:3 KR:3 JP:2 RU:3 US:1 TR:1 AE:1
870121|8.10|8500|5||road tractors;truck tractors
870323|11.5|1500|15||motor cars;passenger cars
870380|14.5|1800|0||electric cars;electric vehicles
870421|8.20|2800|10||pickup trucks;vans for goods
870829|7.90|16|10||car body parts;parts of bodies
870830|7.20|18|10||brake parts;brake pads
870899|6.90|20|5||vehicle parts;parts for cars
871120|6.20|130|10||motorcycles;scooters
871200|5.10|16|10|3-6|bicycles;children's bicycles
[instruments dry] DE:3 CN:4 US:2 JP:2 IT:1 KR:1
900150|95.0|6|5||spectacle lenses;lenses
901812|210|30|0||ultrasound apparatus;scanning apparatus
901831|24.0|8|0||syringes;medical syringes
902610|120|9|0||flow meters;level instruments
902780|260|14|0||analysis instruments;laboratory instruments
910211|65.0|5|15||wrist-watches;quartz watches
[homeware dry] CN:6 TR:3 IR:1 IT:1 RU:1 PL:1 AE:1
940161|4.90|22|15||upholstered seats;sofas
940360|2.90|35|15||wooden furniture;furniture
940429|4.20|20|15||mattresses;spring mattresses
950300|8.20|9|10|9-12|toys;plastic toys
950691|4.60|24|10||fitness equipment;gym articles
960810|9.60|9|10||ball point pens;pens
961900|3.10|9|10||baby diapers;sanitary towels
670420|45.0|8|15||wigs;false hair
660191|5.20|12|15|2-5|umbrellas;garden umbrellas
960321|8.80|10|15||tooth brushes;brushes
[boxes dry] CN:2 RU:1 TR:1 IR:1 GE:1
860900|1.05|2300|0||empty container;empty container returned
"""
