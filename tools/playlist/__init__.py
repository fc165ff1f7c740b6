"""The playlist tool: candidates by meaning."""
