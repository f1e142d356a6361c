"""Pictures of graphs: what is drawn (`drawing`), where it goes (`layout`), and how it is written (`svg`, `mermaid`)."""
