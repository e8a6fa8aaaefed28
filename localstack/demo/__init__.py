"""The demonstration: real jobs of two tenants on the whole road, each announced beforehand and judged at the end."""
