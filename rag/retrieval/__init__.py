"""From a query to evidence: dense and lexical search, fusion, grouping by paper, relevance, filters."""
