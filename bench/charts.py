"""Charts of bench/run: bars, as SVG."""
from xml.sax.saxutils import escape

WIDTH, LEFT, ROW, BAR = 760, 230, 26, 16


def bars(title, rows, form, path):
    """`rows` are (name, value, whether it is ours)."""
    most = max(value for _, value, _ in rows)
    height = 44 + ROW * len(rows) + 8
    lines = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">' % (WIDTH, height),
             '<rect width="%d" height="%d" fill="#ffffff"/>' % (WIDTH, height),
             '<text x="12" y="24" font-size="15" font-weight="bold" fill="#222222">%s</text>' % escape(title)]
    for number, (name, value, ours) in enumerate(rows):
        top = 44 + ROW * number
        width = max(2, (WIDTH - LEFT - 110) * value / most)
        lines += ['<text x="%d" y="%d" text-anchor="end" fill="#222222">%s</text>' % (LEFT - 8, top + 13, escape(name)),
                  '<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>' % (LEFT, top, width, BAR, "#1769aa" if ours else "#b0b8c0"),
                  '<text x="%.1f" y="%d" fill="#222222">%s</text>' % (LEFT + width + 6, top + 13, escape(form.format(value)))]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines + ["</svg>"]) + "\n")
