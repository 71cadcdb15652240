/**
 * The list under the number's input: companies by name, RNA or number, and a company's establishments, to choose
 * (ARIA 1.2 combobox). A part of its own, loaded when the service first has something to list.
 */

/** @typedef {import('./block.js').Block} Block @typedef {{ text: string, value: any }} Option */
/**
 * @typedef {object} Tools What the list takes from the script: it imports nothing of it.
 * @property {typeof import('./kits.js').make} make @property {typeof import('./kits.js').newId} newId
 * @property {typeof import('./kits.js').anchorOf} anchorOf @property {typeof import('./identifiers.js').grouped} grouped
 * @property {typeof import('./styles.js').adoptStyles} adoptStyles
 * @property {typeof import('./adapters.js').set} set @property {typeof import('./number.js').look} look
 */

const RULES = `.prefill-list{position:absolute;z-index:9999;margin:0;padding:0;list-style:none;max-width:min(100vw,36em);max-height:min(18em,50vh);overflow:auto;background:Canvas;color:CanvasText;border:1px solid}
.prefill-list>li{margin:0;padding:.6em .8em;list-style:none;min-height:1.5em;cursor:pointer}
.prefill-list>[aria-selected=true]{background:Highlight;color:HighlightText;outline:2px solid Highlight}`

/** How many establishments are chosen from at a glance. */
const SHORT = 10

/** @param {import('./sentences.js').Sentences['t']} t */
const sentencesIn = t => ({
	results: (/** @type {number} */ count) =>
		count > 1 ? t(`${count} résultats`, `${count} results`) : t('1 résultat', '1 result'),
	none: t('Aucun résultat : saisissez le SIRET.', 'No result: type the SIRET.'),
	incomplete: t(
		'Aucun résultat pour l’instant : écrivez le mot en entier, ou saisissez le SIRET.',
		'No result yet: type the whole word, or the SIRET.',
	),
	more: t('Précisez votre recherche : d’autres résultats existent.', 'There are more results: be more specific.'),
	place: t(
		'Pour réduire la liste, ajoutez la commune après le SIREN.',
		'To shorten the list, add the town after the SIREN.',
	),
	soon: t('La liste sera complétée d’elle-même.', 'The list will be completed by itself.'),
	choose: t('Choisissez l’établissement', 'Choose the establishment'),
	companies: t('Entreprises', 'Companies'),
	closed: t('fermé', 'closed'),
	headOffice: t('siège', 'head office'),
})

/** @param {(string | undefined | false | 0)[]} parts */
const line = parts => parts.filter(Boolean).join(' · ')

export class Search {
	/** @type {Option[]} */
	options = []
	active = -1
	/** @type {HTMLElement | undefined} The list, while it is open. */
	list = undefined

	/** @param {Block} block @param {Tools} tools */
	constructor(block, tools) {
		this.owner = block
		this.tools = tools
		this.words = sentencesIn(block.words.t)
		tools.adoptStyles(block.input, RULES)
	}

	/** @param {Record<string, any>} found Companies, or establishments, as the service answers. */
	show({ companies, establishments, partial, incompleteWord, retryAfter }) {
		const { owner: block, words } = this
		const options = companies ? companies.map(this.#company) : establishments.map(this.#establishment)
		this.#open(options, companies ? words.companies : words.choose)
		if (!options.length) return block.become('idle', incompleteWord ? words.incomplete : words.none, 'warning')
		const more = retryAfter
			? words.soon
			: establishments && (partial || options.length > SHORT)
				? words.place
				: partial && words.more
		block.become('choosing', words.results(options.length) + (more ? `. ${more}` : ''))
	}

	/** @returns {Option} */
	#company = (/** @type {any} */ company) => ({
		text: line([
			company.name || company.tradeName,
			company.tradeName !== company.name && company.name && company.tradeName,
			[company.postalZone, company.city].filter(Boolean).join(' '),
			this.tools.grouped(company.siren),
			company.closed && this.words.closed,
		]),
		value: company,
	})

	/** @returns {Option} */
	#establishment = (/** @type {any} */ place) => ({
		text: line([
			[place.street, place.postalCode, place.city].filter(Boolean).join(' ') || place.name,
			place.street && place.name,
			this.tools.grouped(place.siret),
			place.headOffice && this.words.headOffice,
			place.closed && this.words.closed,
		]),
		value: place,
	})

	/** @param {Option[]} options @param {string} label */
	#open(options, label) {
		const { owner: block, tools } = this
		const { input, kit } = block
		this.close()
		if (!options.length) return
		this.options = options
		const list = (this.list = tools.make('ul', 'list', kit.list))
		list.id = tools.newId()
		list.setAttribute('role', 'listbox')
		list.setAttribute('aria-label', label)
		list.append(...options.map((option, index) => this.#item(option, index)))
		// The input keeps the focus: touching the list must not take it.
		for (const type of ['pointerdown', 'mousedown']) list.addEventListener(type, event => event.preventDefault())
		tools.anchorOf(input).after(list)
		input.setAttribute('aria-expanded', 'true')
		input.setAttribute('aria-controls', list.id)
	}

	/** @param {Option} option @param {number} index */
	#item(option, index) {
		const item = this.tools.make('li', 'option', this.owner.kit.option, option.text)
		item.id = this.tools.newId()
		item.setAttribute('role', 'option')
		item.setAttribute('aria-selected', 'false')
		item.addEventListener('click', () => this.#choose(index))
		return item
	}

	close() {
		const { input } = this.owner
		if (!this.list) return
		this.list.remove()
		this.list = undefined
		this.active = -1
		input.setAttribute('aria-expanded', 'false')
		for (const name of ['aria-controls', 'aria-activedescendant']) input.removeAttribute(name)
	}

	/** @param {number} index */
	#choose(index) {
		const { owner: block, tools } = this
		const { value } = this.options[index]
		const only =
			value.openEstablishments === 1 ? value.establishments?.find((/** @type {any} */ place) => !place.closed) : null
		const siret = value.siret || only?.siret
		this.close()
		block.handled = siret ? `siret ${siret}` : `siren ${value.siren}`
		tools.set(block.input, 'value', siret || value.siren, siret ? ['input', 'change'] : ['input'])
		if (siret) block.fill(siret)
		else tools.look(block, `companies/${value.siren}/establishments`)
	}

	/** @param {number} index */
	#activate(index) {
		const items = [...this.list.children]
		this.active = (index + items.length) % items.length
		items.forEach((item, at) => item.setAttribute('aria-selected', `${at === this.active}`))
		items[this.active].scrollIntoView({ block: 'nearest' })
		this.owner.input.setAttribute('aria-activedescendant', items[this.active].id)
	}

	/** @param {KeyboardEvent} event @returns {boolean} Whether the key was for the list. */
	key(event) {
		if (!this.list) return false
		const { active } = this
		/** @type {Record<string, () => void>} */
		const keys = {
			ArrowDown: () => this.#activate(active + 1),
			ArrowUp: () => this.#activate(active < 0 ? -1 : active - 1),
			Escape: () => this.close(),
			...(active >= 0 && { Enter: () => this.#choose(active) }),
		}
		if (event.key === 'Tab') this.close()
		if (!keys[event.key]) return false
		event.preventDefault()
		event.stopPropagation()
		keys[event.key]()
		return true
	}

	detach() {
		this.close()
	}
}
