"""The demo catalog: compact tables of facts written for this project."""
