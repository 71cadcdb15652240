/** ISO 3166-1: alpha-3 to alpha-2. Names come from the browser (`Intl.DisplayNames`). */

// The alpha-2 code is the first two letters of the alpha-3 code, except for these.
const EXCEPTIONS =
	'ABWAW AGOAO ALAAX ANDAD AREAE ARMAM ATAAQ ATFTF ATGAG AUTAT BDIBI BENBJ BESBQ BGDBD BHSBS BIHBA BLRBY BLZBZ ' +
	'BRBBB BRNBN CAFCF CHLCL CHNCN CODCD COGCG COKCK COMKM CPVCV CUWCW CYMKY DNKDK ESHEH ESTEE FLKFK FROFO FSMFM ' +
	'GINGN GLPGP GNBGW GNQGQ GRDGD GRLGL GUFGF GUYGY IRLIE IRQIQ ISRIL JAMJM KAZKZ KORKR LBRLR LBYLY MACMO MAFMF ' +
	'MDGMG MDVMV MEXMX MLTMT MNEME MNPMP MOZMZ MTQMQ MYTYT NIUNU PAKPK PCNPN PLWPW PNGPG POLPL PRKKP PRTPT PRYPY ' +
	'PYFPF SENSN SGSGS SLBSB SLVSV SPMPM SRBRS SURSR SVKSK SVNSI SWESE SWZSZ SYCSC TCDTD TKMTM TUNTN TURTR TUVTV ' +
	'UKRUA URYUY WLFWF'
const table = new Map((EXCEPTIONS.match(/\w{5}/g) || []).map(code => [code.slice(0, 3), code.slice(3)]))

/** @param {string} alpha3 */
const alpha2Of = alpha3 => table.get(alpha3) || alpha3.slice(0, 2)

/** @type {Map<string, Intl.DisplayNames>} */
const namers = new Map()

/** @param {string} language @param {string} code */
function nameIn(language, code) {
	try {
		if (!namers.has(language)) namers.set(language, new Intl.DisplayNames([language], { type: 'region' }))
		return namers.get(language).of(code)
	} catch {
		return ''
	}
}

/** The ways of writing a country: both codes, French and English names. @param {string} alpha3 @returns {string[]} */
export function waysToWriteCountry(alpha3) {
	if (!/^[A-Z]{3}$/.test(alpha3)) return []
	const alpha2 = alpha2Of(alpha3)
	return [alpha2, nameIn('fr', alpha2), nameIn('en', alpha2)].filter(Boolean)
}
