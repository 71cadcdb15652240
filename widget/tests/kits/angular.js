import '@angular/compiler'
import { Component, provideZonelessChangeDetection, signal } from '@angular/core'
import { FormControl, FormGroup, ReactiveFormsModule, Validators } from '@angular/forms'
import { bootstrapApplication } from '@angular/platform-browser'
import { injectPrefill } from '../../adapters/angular.js'
import { options } from './boot.js'

class Application {
	prefill = injectPrefill(options)
	second = signal(false)
	step = signal(1)
	group = new FormGroup({
		siret: new FormControl('', [Validators.required, Validators.pattern(/^\d{14}$/)]),
		name: new FormControl(''),
		city: new FormControl(''),
		form: new FormControl(''),
		ess: new FormControl(''),
	})

	constructor() {
		window.model = () => {
			const { name, city, form, ess } = this.group.value
			return { name, city, form, ess: ess || '', valid: this.group.valid }
		}
	}
}
Component({
	selector: 'test-application',
	imports: [ReactiveFormsModule],
	template: `<form id="application" [formGroup]="group" data-prefill="dume">
		<div id="member-1">
			<p><label>SIRET <input id="siret" formControlName="siret" data-prefill-siret></label></p>
			@if (step() === 1) {
				<p><label>Nom <input id="name" formControlName="name" data-prefill-field="name"></label></p>
				<p><label>Commune <input id="city" formControlName="city" data-prefill-field="cityName"></label></p>
			}
			<p><label>TVA <input id="vat" data-prefill-field="vat"></label></p>
			<p><label>RCS <input id="rcs" data-prefill-field="registrationNumber"></label></p>
			<p><label>Forme <select id="form" formControlName="form" data-prefill-field="legalForm"><option value="">Choisir</option><option>SARL</option><option>SAS</option><option>Association</option></select></label></p>
			<fieldset><legend>ESS</legend>
				<label><input type="radio" id="ess-yes" value="oui" formControlName="ess" data-prefill-field="socialEconomy"> Oui</label>
				<label><input type="radio" id="ess-no" value="non" formControlName="ess" data-prefill-field="socialEconomy"> Non</label>
			</fieldset>
		</div>
		@if (second()) {
			<div id="member-2">
				<label>SIRET <input id="siret2" data-prefill-siret></label>
				<label>Nom <input id="name2" data-prefill-field="name"></label>
				<label>Commune <input id="city2" data-prefill-field="cityName"></label>
			</div>
		}
		<button type="button" id="add" (click)="second.set(true)">Ajouter</button>
		<button type="button" id="remove" (click)="second.set(false)">Retirer</button>
		<button type="button" id="next" (click)="step.set(2)">Suivant</button>
		<button type="button" id="back" (click)="step.set(1)">Précédent</button>
	</form>`,
})(Application)

document.getElementById('app').append(document.createElement('test-application'))
bootstrapApplication(Application, { providers: [provideZonelessChangeDetection()] })
