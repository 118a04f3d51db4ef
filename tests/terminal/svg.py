"""A screen's cells as SVG: text as text, blocks and lines as shapes, so that it looks alike whatever the font."""

from html import escape

from wcwidth import wcwidth

CELL, LINE, PAD, BAR = 8.4, 18, 14, 30
BASE = 13.2
GROUND, INK = "#16181d", "#d5d8de"
COLOURS = {
    "black": "#16181d", "red": "#f2777a", "green": "#8fce7e", "brown": "#f0c674", "yellow": "#f0c674", "blue": "#7aa7e8", "magenta": "#c397d8",
    "cyan": "#70c0ba", "white": "#d5d8de", "brightblack": "#7d828c", "brightred": "#f2777a", "brightgreen": "#8fce7e", "brightbrown": "#f0c674",
    "brightyellow": "#f0c674", "brightblue": "#7aa7e8", "brightmagenta": "#c397d8", "brightcyan": "#70c0ba", "brightwhite": "#ffffff",
}
# The first sixteen of the 256, as pyte spells them, are the terminal's own, too.
COLOURS |= {"000000": "#16181d", "cd0000": "#f2777a", "00cd00": "#8fce7e", "cdcd00": "#f0c674", "0000ee": "#7aa7e8", "cd00cd": "#c397d8",
            "00cdcd": "#70c0ba", "e5e5e5": "#d5d8de", "7f7f7f": "#7d828c"}
EIGHTHS = "▁▂▃▄▅▆▇█"
# Which of the middle's four arms a line has: left, right, up, down.
LINES = {"━": "lr", "─": "lr", "│": "ud", "╭": "rd", "╮": "ld", "╰": "ru", "╯": "lu", "═": "lr", "║": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu",
         "├": "rud", "┤": "lud", "┬": "lrd", "┴": "lru", "┼": "lrud", "╞": "rud", "╡": "lud", "╪": "lrud", "┆": "ud", "╌": "lr"}


def colour(name, default):
    return COLOURS.get(name, f"#{name}" if len(name) == 6 else default)


def look(cell):
    """Foreground, background, bold."""
    ink, ground = colour(cell.fg, INK), colour(cell.bg, GROUND)
    if cell.reverse:
        ink, ground = ground, ink
    return ink, ground, cell.bold


def number(value):
    return f"{value:.1f}".rstrip("0").rstrip(".")


def rect(x, y, width, height, fill, opacity=None):
    faint = f' opacity="{opacity}"' if opacity else ""
    return f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}" fill="{fill}"{faint} shape-rendering="crispEdges"/>'


def runs(row, columns):
    """Cells of one look beside each other: column, text, width, look."""
    found, column = [], 0
    while column < columns:
        cell = row[column]
        # A cell without a sign is what is left of a wide one that was overwritten.
        sign = cell.data or " "
        wide = wcwidth(sign[0]) == 2
        kind = "shape" if sign in EIGHTHS + "░" or sign in LINES else "wide" if wide else "text"
        cells = 2 if wide else 1
        last = found[-1] if found else None
        if last and last[3] == look(cell) and last[4] == kind and kind != "wide" and (kind == "text" or last[1][-1] == sign):
            found[-1] = (last[0], last[1] + sign, last[2] + cells, last[3], kind)
        else:
            found.append((column, sign, cells, look(cell), kind))
        column += cells
    return found


def shape(x, y, cells, sign, ink):
    width = cells * CELL
    if sign == "░":
        return rect(x, y + 1, width, LINE - 2, ink, 0.35)
    if sign in EIGHTHS:
        height = LINE * (EIGHTHS.index(sign) + 1) / 8
        return rect(x, y + LINE - height, width, height, ink)
    arms, middle, half = LINES[sign], y + LINE / 2, CELL / 2
    if arms == "lr":
        thick = 5 if sign == "━" else 1
        return rect(x, middle - thick / 2, width, thick, ink)
    path = "".join(f"M{number(x + n * CELL + half)} {number(middle)}" + move for n in range(cells) for arm, move in
                   [("l", f"h{number(-half)}"), ("r", f"h{number(half)}"), ("u", f"v{number(-LINE / 2)}"), ("d", f"v{number(LINE / 2)}")] if arm in arms)
    # The moves of one corner share its middle.
    path = path.replace("h", " h").replace("v", " v")
    return f'<path d="{path}" stroke="{ink}" fill="none"/>'


def svg(screen, title, rows=None):
    columns, rows = screen.columns, rows or screen.lines
    width, height = columns * CELL + 2 * PAD, rows * LINE + PAD + BAR
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(width)} {number(height)}" width="{number(width)}" height="{number(height)}" '
        f'font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,\'DejaVu Sans Mono\',\'Liberation Mono\',monospace" font-size="14">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>',
        f'<text x="{number(width / 2)}" y="20" fill="#7d828c" font-size="12" text-anchor="middle">{escape(title)}</text>',
        *(f'<circle cx="{18 + 16 * at}" cy="16" r="4.5" fill="{fill}"/>' for at, fill in enumerate(["#f2777a", "#f0c674", "#8fce7e"])),
    ]
    for line in range(rows):
        y = BAR + line * LINE
        for column, text, cells, (ink, ground, bold), kind in runs(screen.buffer[line], columns):
            x = PAD + column * CELL
            if ground != GROUND:
                parts.append(rect(x, y, cells * CELL, LINE, ground))
            if kind == "shape":
                parts.append(shape(x, y, cells, text[0], ink))
                continue
            shown = text.rstrip()
            if not shown.strip():
                continue
            skipped = len(shown) - len(shown.lstrip())
            shown = shown.lstrip()
            span = cells if kind == "wide" else len(shown)
            weight = ' font-weight="700"' if bold else ""
            parts.append(f'<text x="{number(x + skipped * CELL)}" y="{number(y + BASE)}" fill="{ink}"{weight} textLength="{number(span * CELL)}" '
                         f'lengthAdjust="spacingAndGlyphs" xml:space="preserve">{escape(shown)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
