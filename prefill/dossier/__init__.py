"""An agent's dossier of a company: proofs and documents."""
