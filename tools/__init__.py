"""What a route can call: the catalog and the search tools over it.

Knows the catalog, listeners and models; knows nothing of routes or HTTP.
"""
