"""Cases: exceptions of shipments with their notes and resolutions."""
