/** The pages without a framework: the same form in the markup of each style sheet or server. */

const LABELS = { siret: 'SIRET', name: 'Dénomination', city: 'Commune', vat: 'TVA', rcs: 'RCS' }
const FIELDS = { name: 'name', city: 'cityName', vat: 'vat', rcs: 'registrationNumber' }

const PLAIN = {
	head: '',
	field: (id, name, attributes) =>
		`<p><label for="${id}">${LABELS[id.replace('2', '')]}</label> <input id="${id}" name="${name}" ${attributes}></p>`,
	select: options =>
		`<p><label for="form">Forme</label> <select id="form" name="forme" data-prefill-field="legalForm">${options}</select></p>`,
	radios: (attributes, none) =>
		`<fieldset><legend>ESS</legend><input type="radio" id="ess-yes" ${none} value="oui" ${attributes}><label for="ess-yes">Oui</label><input type="radio" id="ess-no" ${none} value="non"><label for="ess-no">Non</label></fieldset>`,
	button: (id, text) => `<button type="button" id="${id}">${text}</button>`,
}
const STYLES = {
	plain: PLAIN,
	dsfr: {
		...PLAIN,
		head: '<link rel="stylesheet" href="/dsfr.css">',
		field: (id, name, attributes) =>
			`<div class="fr-input-group"><label class="fr-label" for="${id}">${LABELS[id.replace('2', '')]}</label><input class="fr-input" id="${id}" name="${name}" ${attributes}></div>`,
		select: options =>
			`<div class="fr-select-group"><label class="fr-label" for="form">Forme</label><select class="fr-select" id="form" name="forme" data-prefill-field="legalForm">${options}</select></div>`,
		radios: attributes =>
			`<fieldset class="fr-fieldset" aria-labelledby="ess-legend"><legend class="fr-fieldset__legend--regular fr-fieldset__legend" id="ess-legend">ESS</legend>` +
			['yes', 'no']
				.map(
					(id, index) =>
						`<div class="fr-fieldset__element"><div class="fr-radio-group"><input type="radio" id="ess-${id}" name="ess" value="${['oui', 'non'][index]}" ${index ? '' : attributes}><label class="fr-label" for="ess-${id}">${['Oui', 'Non'][index]}</label></div></div>`,
				)
				.join('') +
			'</fieldset>',
		button: (id, text) => `<button class="fr-btn fr-btn--secondary" type="button" id="${id}">${text}</button>`,
	},
	bootstrap: {
		...PLAIN,
		head: '<link rel="stylesheet" href="/bootstrap.css">',
		field: (id, name, attributes) =>
			`<div class="form-floating mb-3"><input class="form-control" placeholder="x" id="${id}" name="${name}" ${attributes}><label for="${id}">${LABELS[id.replace('2', '')]}</label></div>`,
		select: options =>
			`<div class="mb-3"><label class="form-label" for="form">Forme</label><select class="form-select" id="form" name="forme" data-prefill-field="legalForm">${options}</select></div>`,
		radios: attributes =>
			`<div role="radiogroup" aria-label="ESS" class="mb-3">` +
			['yes', 'no']
				.map(
					(id, index) =>
						`<div class="form-check"><input class="form-check-input" type="radio" id="ess-${id}" name="ess" value="${['oui', 'non'][index]}" ${index ? '' : attributes}><label class="form-check-label" for="ess-${id}">${['Oui', 'Non'][index]}</label></div>`,
				)
				.join('') +
			'</div>',
		button: (id, text) => `<button class="btn btn-secondary" type="button" id="${id}">${text}</button>`,
	},
	jquery: { ...PLAIN, head: '<script src="/jquery.js" defer></script>' },
	rails: PLAIN,
}
const NAMES = {
	rails: id => `candidature[membres][][${id.replace('2', '')}]`,
}

/** @param {string} kit */
export function vanilla(kit) {
	const style = STYLES[kit]
	const nameOf = NAMES[kit] || (id => id)
	const member = second => {
		const mark = second ? '2' : ''
		return ['siret', ...(second ? ['name', 'city'] : ['name', 'city', 'vat', 'rcs'])]
			.map(id =>
				style.field(
					id + mark,
					nameOf(id + mark),
					id === 'siret' ? 'data-prefill-siret' : `data-prefill-field="${FIELDS[id]}"`,
				),
			)
			.join('')
			.replace(
				/(<p>|<div class="(?:fr-input-group|form-floating mb-3)">)((?:(?!<p>|<div).)*id="(?:name|city)")/g,
				(all, open, rest) => open.replace('>', ' data-step>') + rest,
			)
	}
	const options =
		'<option value="">Choisir</option><option>SARL</option><option>SAS</option><option>Association</option>'
	return `<!doctype html><html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${kit}</title><link rel="icon" href="data:,">${style.head}<script src="/vanilla.js" defer></script></head>
<body><main class="fr-container container"><h1>${kit}</h1><form id="application" data-prefill="dume" action="/other">
<div id="members"><div id="member-1">${member(false)}${style.select(options)}${style.radios('data-prefill-field="socialEconomy"', kit === 'plain' ? '' : 'name="ess"')}</div></div>
<template id="second"><div id="member-2">${member(true)}</div></template>
<p>${style.button('add', 'Ajouter')} ${style.button('remove', 'Retirer')} ${style.button('next', 'Suivant')} ${style.button('back', 'Précédent')}</p>
</form></main></body></html>`
}
