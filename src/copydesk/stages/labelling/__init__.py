"""Labels find their documents and their places: what the stage labels is made of."""
