"""How are authors, bylines and links of a paper written? Each once, for every door and format."""
