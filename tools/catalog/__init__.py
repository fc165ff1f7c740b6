"""The catalog: one table of entities, its indexes and vocabularies, in atomic versions."""
