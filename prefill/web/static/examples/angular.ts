import { Component } from '@angular/core'
import { FormControl, FormGroup, ReactiveFormsModule } from '@angular/forms'
import { useService } from 'prefill-widget'
import { injectPrefill } from 'prefill-widget/angular'

useService('https://prefill.exemple.fr/v1/')

@Component({
  selector: 'app-candidature',
  imports: [ReactiveFormsModule],
  template: `
    <form [formGroup]="candidature">
      <label>SIRET <input formControlName="siret" data-prefill-siret></label>
      <label>Dénomination <input formControlName="nom" data-prefill-field="name"></label>
      <label>Commune <input formControlName="commune" data-prefill-field="cityName"></label>
    </form>`,
})
export class Candidature {
  prefill = injectPrefill({ schema: 'dume' })
  candidature = new FormGroup({ siret: new FormControl(''), nom: new FormControl(''), commune: new FormControl('') })
}
