/** Lit: the components of Shoelace, and the number inside `<prefill-siret>`. */

import { LitElement, html } from 'lit'
import '@shoelace-style/shoelace/dist/components/input/input.js'
import '@shoelace-style/shoelace/dist/components/select/select.js'
import '@shoelace-style/shoelace/dist/components/option/option.js'
import '@shoelace-style/shoelace/dist/components/radio-group/radio-group.js'
import '@shoelace-style/shoelace/dist/components/radio/radio.js'
import { defineElement } from '../../src/module.js'
import { options } from './boot.js'

class Application extends LitElement {
	static properties = { second: { state: true }, step: { state: true } }

	constructor() {
		super()
		this.second = false
		this.step = 1
	}

	createRenderRoot() {
		return this
	}

	render() {
		return html`<form id="application" data-prefill="dume">
			<div id="member-1">
				<prefill-siret url=${options.url || ''}
					><label>SIRET <input id="siret" data-prefill-siret /></label
				></prefill-siret>
				${
					this.step === 1
						? html`<sl-input id="name" label="Nom" data-prefill-field="name"></sl-input>
								<sl-input id="city" label="Commune" data-prefill-field="cityName"></sl-input>`
						: ''
				}
				<sl-input id="vat" label="TVA" data-prefill-field="vat"></sl-input>
				<sl-input id="rcs" label="RCS" data-prefill-field="registrationNumber"></sl-input>
				<sl-select id="form" label="Forme" data-prefill-field="legalForm"
					><sl-option value="SARL">SARL</sl-option><sl-option value="SAS">SAS</sl-option
					><sl-option value="Association">Association</sl-option></sl-select
				>
				<sl-radio-group id="ess" label="ESS" data-prefill-field="socialEconomy"
					><sl-radio value="oui">Oui</sl-radio><sl-radio value="non">Non</sl-radio></sl-radio-group
				>
			</div>
			${
				this.second
					? html`<div id="member-2">
							<label>SIRET <input id="siret2" data-prefill-siret /></label>
							<sl-input id="name2" label="Nom" data-prefill-field="name"></sl-input>
							<sl-input id="city2" label="Commune" data-prefill-field="cityName"></sl-input>
						</div>`
					: ''
			}
			<button type="button" id="add" @click=${() => (this.second = true)}>Ajouter</button>
			<button type="button" id="remove" @click=${() => (this.second = false)}>Retirer</button>
			<button type="button" id="next" @click=${() => (this.step = 2)}>Suivant</button>
			<button type="button" id="back" @click=${() => (this.step = 1)}>Précédent</button>
		</form>`
	}
}
customElements.define('test-application', Application)
defineElement()
const at = id => document.getElementById(id)
window.model = () => ({
	name: at('name')?.value,
	city: at('city')?.value,
	form: at('form').value,
	ess: at('ess').value,
})
document.getElementById('app').append(document.createElement('test-application'))
