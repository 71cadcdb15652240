import { createApp } from 'vue/dist/vue.esm-bundler.js'
import { vPrefill } from '../../adapters/vue.js'
import { options } from './boot.js'

createApp({
	directives: { prefill: vPrefill },
	data: () => ({ options, name: '', city: '', form: '', ess: null, second: false, step: 1 }),
	mounted() {
		window.model = () => ({
			name: this.name,
			city: this.city,
			form: this.form,
			ess: this.ess === null ? '' : this.ess ? 'oui' : 'non',
		})
	},
	template: `<form id="application" v-prefill="options" data-prefill="dume">
		<div id="member-1">
			<p><label>SIRET <input id="siret" data-prefill-siret></label></p>
			<p v-if="step === 1"><label>Nom <input id="name" v-model="name" data-prefill-field="name"></label></p>
			<p v-if="step === 1"><label>Commune <input id="city" v-model="city" data-prefill-field="cityName"></label></p>
			<p><label>TVA <input id="vat" data-prefill-field="vat"></label></p>
			<p><label>RCS <input id="rcs" data-prefill-field="registrationNumber"></label></p>
			<p><label>Forme <select id="form" v-model="form" data-prefill-field="legalForm"><option value="">Choisir</option><option>SARL</option><option>SAS</option><option>Association</option></select></label></p>
			<fieldset data-prefill-field="socialEconomy"><legend>ESS</legend>
				<label><input type="radio" id="ess-yes" :value="true" v-model="ess"> Oui</label>
				<label><input type="radio" id="ess-no" :value="false" v-model="ess"> Non</label>
			</fieldset>
		</div>
		<div v-if="second" id="member-2">
			<label>SIRET <input id="siret2" data-prefill-siret></label>
			<label>Nom <input id="name2" data-prefill-field="name"></label>
			<label>Commune <input id="city2" data-prefill-field="cityName"></label>
		</div>
		<button type="button" id="add" @click="second = true">Ajouter</button>
		<button type="button" id="remove" @click="second = false">Retirer</button>
		<button type="button" id="next" @click="step = 2">Suivant</button>
		<button type="button" id="back" @click="step = 1">Précédent</button>
	</form>`,
}).mount('#app')
