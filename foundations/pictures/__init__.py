"""Pictures of graphs: what is drawn (`drawing`), where it goes (`layers`, `layout`), and how it is written."""
