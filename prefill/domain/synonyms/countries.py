"""How countries are written: ISO 3166-1 alpha-3 and alpha-2, French and English names (CLDR, ISO)."""

from __future__ import annotations

_LINES = """
ABW|AW|Aruba
AFG|AF|Afghanistan
AGO|AO|Angola
AIA|AI|Anguilla
ALA|AX|Îles Åland|Åland Islands|Åland
ALB|AL|Albanie|Albania
AND|AD|Andorre|Andorra
ARE|AE|Émirats arabes unis|United Arab Emirates|Émirats Arabes Unis
ARG|AR|Argentine|Argentina
ARM|AM|Arménie|Armenia
ASM|AS|Samoa américaines|American Samoa
ATA|AQ|Antarctique|Antarctica
ATF|TF|Terres australes françaises|French Southern Territories
ATG|AG|Antigua-et-Barbuda|Antigua & Barbuda|Antigua and Barbuda
AUS|AU|Australie|Australia
AUT|AT|Autriche|Austria
AZE|AZ|Azerbaïdjan|Azerbaijan
BDI|BI|Burundi
BEL|BE|Belgique|Belgium
BEN|BJ|Bénin|Benin
BES|BQ|Pays-Bas caribéens|Caribbean Netherlands|Bonaire, Saint-Eustache et Saba|Bonaire, Sint Eustatius and Saba
BFA|BF|Burkina Faso
BGD|BD|Bangladesh
BGR|BG|Bulgarie|Bulgaria
BHR|BH|Bahreïn|Bahrain
BHS|BS|Bahamas
BIH|BA|Bosnie-Herzégovine|Bosnia & Herzegovina|Bosnia and Herzegovina
BLM|BL|Saint-Barthélemy|St. Barthélemy|Saint Barthélemy
BLR|BY|Biélorussie|Belarus
BLZ|BZ|Belize
BMU|BM|Bermudes|Bermuda
BOL|BO|Bolivie|Bolivia
BRA|BR|Brésil|Brazil
BRB|BB|Barbade|Barbados
BRN|BN|Brunei|Brunei Darussalam
BTN|BT|Bhoutan|Bhutan
BVT|BV|Île Bouvet|Bouvet Island
BWA|BW|Botswana
CAF|CF|République centrafricaine|Central African Republic|République Centrafricaine
CAN|CA|Canada
CCK|CC|Îles Cocos|Cocos (Keeling) Islands
CHE|CH|Suisse|Switzerland
CHL|CL|Chili|Chile
CHN|CN|Chine|China|People's Republic of China
CIV|CI|Côte d'Ivoire|Côte-d'Ivoire|Cote d'Ivoire
CMR|CM|Cameroun|Cameroon
COD|CD|Congo-Kinshasa|Congo - Kinshasa|République démocratique du Congo|Democratic Republic of the Congo
COG|CG|Congo-Brazzaville|Congo - Brazzaville|République du Congo|Republic of the Congo
COK|CK|Îles Cook|Cook Islands
COL|CO|Colombie|Colombia
COM|KM|Comores|Comoros
CPV|CV|Cap-Vert|Cape Verde
CRI|CR|Costa Rica
CUB|CU|Cuba
CUW|CW|Curaçao
CXR|CX|Île Christmas|Christmas Island
CYM|KY|Îles Caïmans|Cayman Islands
CYP|CY|Chypre|Cyprus
CZE|CZ|Tchéquie|Czechia|République Tchèque|Czech Republic
DEU|DE|Allemagne|Germany
DJI|DJ|Djibouti
DMA|DM|Dominique|Dominica
DNK|DK|Danemark|Denmark
DOM|DO|République dominicaine|Dominican Republic|République Dominicaine
DZA|DZ|Algérie|Algeria
ECU|EC|Équateur|Ecuador
EGY|EG|Égypte|Egypt
ERI|ER|Érythrée|Eritrea
ESH|EH|Sahara occidental|Western Sahara
ESP|ES|Espagne|Spain
EST|EE|Estonie|Estonia
ETH|ET|Éthiopie|Ethiopia
FIN|FI|Finlande|Finland
FJI|FJ|Fidji|Fiji
FLK|FK|Îles Malouines|Falkland Islands|Falkland Islands (Malvinas)
FRA|FR|France
FRO|FO|Îles Féroé|Faroe Islands
FSM|FM|Micronésie|Micronesia|Micronesia, Federated States of
GAB|GA|Gabon
GBR|GB|Royaume-Uni|United Kingdom
GEO|GE|Géorgie|Georgia
GGY|GG|Guernesey|Guernsey
GHA|GH|Ghana
GIB|GI|Gibraltar
GIN|GN|Guinée|Guinea
GLP|GP|Guadeloupe
GMB|GM|Gambie|Gambia|Republic of The Gambia
GNB|GW|Guinée-Bissau|Guinea-Bissau
GNQ|GQ|Guinée équatoriale|Equatorial Guinea
GRC|GR|Grèce|Greece
GRD|GD|Grenade|Grenada
GRL|GL|Groenland|Greenland
GTM|GT|Guatemala
GUF|GF|Guyane française|French Guiana
GUM|GU|Guam
GUY|GY|Guyana
HKG|HK|R.A.S. chinoise de Hong Kong|Hong Kong SAR China|Hong Kong
HMD|HM|Îles Heard-et-MacDonald|Heard & McDonald Islands|Heard Island and McDonald Islands
HND|HN|Honduras
HRV|HR|Croatie|Croatia
HTI|HT|Haïti|Haiti
HUN|HU|Hongrie|Hungary
IDN|ID|Indonésie|Indonesia
IMN|IM|Île de Man|Isle of Man
IND|IN|Inde|India
IOT|IO|Territoire britannique de l'océan Indien|British Indian Ocean Territory|Océan Indien Britannique
IRL|IE|Irlande|Ireland
IRN|IR|Iran|Islamic Republic of Iran
IRQ|IQ|Irak|Iraq
ISL|IS|Islande|Iceland
ISR|IL|Israël|Israel
ITA|IT|Italie|Italy
JAM|JM|Jamaïque|Jamaica
JEY|JE|Jersey
JOR|JO|Jordanie|Jordan
JPN|JP|Japon|Japan
KAZ|KZ|Kazakhstan
KEN|KE|Kenya
KGZ|KG|Kirghizstan|Kyrgyzstan|Kirghizistan
KHM|KH|Cambodge|Cambodia
KIR|KI|Kiribati
KNA|KN|Saint-Christophe-et-Niévès|St. Kitts & Nevis|Saint Kitts and Nevis
KOR|KR|Corée du Sud|South Korea
KWT|KW|Koweït|Kuwait
LAO|LA|Laos|Lao People's Democratic Republic
LBN|LB|Liban|Lebanon
LBR|LR|Liberia|Libéria
LBY|LY|Libye|Libya
LCA|LC|Sainte-Lucie|St. Lucia|Saint Lucia
LIE|LI|Liechtenstein
LKA|LK|Sri Lanka
LSO|LS|Lesotho
LTU|LT|Lituanie|Lithuania
LUX|LU|Luxembourg
LVA|LV|Lettonie|Latvia
MAC|MO|R.A.S. chinoise de Macao|Macao SAR China|Macao
MAF|MF|Saint-Martin|St. Martin|Saint-Martin (partie française)|Saint Martin (French part)
MAR|MA|Maroc|Morocco
MCO|MC|Monaco
MDA|MD|Moldavie|Moldova|Moldova, Republic of
MDG|MG|Madagascar
MDV|MV|Maldives
MEX|MX|Mexique|Mexico
MHL|MH|Îles Marshall|Marshall Islands
MKD|MK|Macédoine du Nord|North Macedonia|The Republic of North Macedonia
MLI|ML|Mali
MLT|MT|Malte|Malta
MMR|MM|Myanmar (Birmanie)|Myanmar (Burma)|Myanmar
MNE|ME|Monténégro|Montenegro
MNG|MN|Mongolie|Mongolia
MNP|MP|Îles Mariannes du Nord|Northern Mariana Islands
MOZ|MZ|Mozambique
MRT|MR|Mauritanie|Mauritania
MSR|MS|Montserrat
MTQ|MQ|Martinique
MUS|MU|Maurice|Mauritius
MWI|MW|Malawi
MYS|MY|Malaisie|Malaysia
MYT|YT|Mayotte
NAM|NA|Namibie|Namibia
NCL|NC|Nouvelle-Calédonie|New Caledonia
NER|NE|Niger
NFK|NF|Île Norfolk|Norfolk Island
NGA|NG|Nigeria|Nigéria
NIC|NI|Nicaragua
NIU|NU|Niue|Niué
NLD|NL|Pays-Bas|Netherlands
NOR|NO|Norvège|Norway
NPL|NP|Népal|Nepal
NRU|NR|Nauru
NZL|NZ|Nouvelle-Zélande|New Zealand
OMN|OM|Oman
PAK|PK|Pakistan
PAN|PA|Panama
PCN|PN|Îles Pitcairn|Pitcairn Islands|Pitcairn
PER|PE|Pérou|Peru
PHL|PH|Philippines
PLW|PW|Palaos|Palau
PNG|PG|Papouasie-Nouvelle-Guinée|Papua New Guinea
POL|PL|Pologne|Poland
PRI|PR|Porto Rico|Puerto Rico
PRK|KP|Corée du Nord|North Korea
PRT|PT|Portugal
PRY|PY|Paraguay
PSE|PS|Territoires palestiniens|Palestinian Territories|Palestine|State of Palestine
PYF|PF|Polynésie française|French Polynesia
QAT|QA|Qatar
REU|RE|La Réunion|Réunion|Reunion
ROU|RO|Roumanie|Romania
RUS|RU|Russie|Russia|Russian Federation
RWA|RW|Rwanda
SAU|SA|Arabie saoudite|Saudi Arabia|Arabie Saoudite
SDN|SD|Soudan|Sudan
SEN|SN|Sénégal|Senegal
SGP|SG|Singapour|Singapore
SGS|GS|Géorgie du Sud-et-les Îles Sandwich du Sud|South Georgia & South Sandwich Islands|South Georgia and the South Sandwich Islands
SHN|SH|Sainte-Hélène|St. Helena|Saint Helena
SJM|SJ|Svalbard et Jan Mayen|Svalbard & Jan Mayen|Svalbard et Île Jan Mayen|Svalbard and Jan Mayen
SLB|SB|Îles Salomon|Solomon Islands
SLE|SL|Sierra Leone
SLV|SV|Salvador|El Salvador
SMR|SM|Saint-Marin|San Marino
SOM|SO|Somalie|Somalia
SPM|PM|Saint-Pierre-et-Miquelon|St. Pierre & Miquelon|Saint Pierre and Miquelon
SRB|RS|Serbie|Serbia
SSD|SS|Soudan du Sud|South Sudan
STP|ST|Sao Tomé-et-Principe|São Tomé & Príncipe|São Tomé-et-Principe|Sao Tome and Principe
SUR|SR|Suriname
SVK|SK|Slovaquie|Slovakia
SVN|SI|Slovénie|Slovenia
SWE|SE|Suède|Sweden
SWZ|SZ|Eswatini|Royaume d'Eswatini
SXM|SX|Saint-Martin (partie néerlandaise)|Sint Maarten|Sint Maarten (Dutch part)
SYC|SC|Seychelles
SYR|SY|Syrie|Syria|Syrian Arab Republic
TCA|TC|Îles Turques-et-Caïques|Turks & Caicos Islands|Turks and Caicos Islands
TCD|TD|Tchad|Chad
TGO|TG|Togo
THA|TH|Thaïlande|Thailand
TJK|TJ|Tadjikistan|Tajikistan
TKL|TK|Tokelau
TKM|TM|Turkménistan|Turkmenistan
TLS|TL|Timor oriental|Timor-Leste
TON|TO|Tonga
TTO|TT|Trinité-et-Tobago|Trinidad & Tobago|Trinidad and Tobago
TUN|TN|Tunisie|Tunisia
TUR|TR|Turquie|Türkiye
TUV|TV|Tuvalu
TWN|TW|Taïwan|Taiwan|Taiwan, Province of China
TZA|TZ|Tanzanie|Tanzania|République unie de Tanzanie|United Republic of Tanzania
UGA|UG|Ouganda|Uganda
UKR|UA|Ukraine
UMI|UM|Îles mineures éloignées des États-Unis|U.S. Outlying Islands|United States Minor Outlying Islands
URY|UY|Uruguay
USA|US|États-Unis|United States|États-Unis d'Amérique|United States of America
UZB|UZ|Ouzbékistan|Uzbekistan
VAT|VA|État de la Cité du Vatican|Vatican City|Saint-Siège (Vatican)|Holy See (Vatican City State)
VCT|VC|Saint-Vincent-et-les Grenadines|St. Vincent & Grenadines|Saint-Vincent-et-les-Grenadines|Saint Vincent and the Grenadines
VEN|VE|Venezuela
VGB|VG|Îles Vierges britanniques|British Virgin Islands|Îles vierges britanniques|Virgin Islands, British
VIR|VI|Îles Vierges des États-Unis|U.S. Virgin Islands|Îles vierges américaines|Virgin Islands, U.S.
VNM|VN|Viêt Nam|Vietnam
VUT|VU|Vanuatu
WLF|WF|Wallis-et-Futuna|Wallis & Futuna|Wallis and Futuna
WSM|WS|Samoa
XKK|XK|Kosovo
YEM|YE|Yémen|Yemen
ZAF|ZA|Afrique du Sud|South Africa
ZMB|ZM|Zambie|Zambia
ZWE|ZW|Zimbabwe
"""

COUNTRIES: tuple[tuple[str, ...], ...] = tuple(tuple(line.split("|")) for line in _LINES.split("\n") if line)
