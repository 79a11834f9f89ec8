"""Notice boards (公示牌) and printed maps: the drawing, the board's content, templates, PDF, the reprint list."""
