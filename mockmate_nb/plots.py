"""Pictures: of scores, and of times measured. Plain values in, matplotlib figures out.

`svg` puts one on a page, `image` into a notebook.

    figure = radar({"Layers": 3.5, "Detail": 4.0, "Figures": None}, before={"Layers": 2.0})
    HTML(svg(figure, in_words({"Layers": 3.5}, "en")))

Nothing rests on colour, every picture has its words (`*_in_words`), in English and Chinese, and drawing touches no
setting of matplotlib. Scores stand 320 pixels wide, times 640; all are sharp at any size.
"""

from mockmate_nb.plots_canvas import WIDE as WIDE
from mockmate_nb.plots_canvas import image as image
from mockmate_nb.plots_canvas import svg as svg
from mockmate_nb.plots_gaps import histogram as histogram
from mockmate_nb.plots_gaps import histogram_in_words as histogram_in_words
from mockmate_nb.plots_hops import Hop as Hop
from mockmate_nb.plots_hops import waterfall as waterfall
from mockmate_nb.plots_hops import waterfall_in_words as waterfall_in_words
from mockmate_nb.plots_pairs import Pairs as Pairs
from mockmate_nb.plots_pairs import paired as paired
from mockmate_nb.plots_pairs import paired_in_words as paired_in_words
from mockmate_nb.plots_scores import WIDTH as WIDTH
from mockmate_nb.plots_scores import in_words as in_words
from mockmate_nb.plots_scores import radar as radar
from mockmate_nb.plots_scores import trend as trend
from mockmate_nb.plots_scores import trend_in_words as trend_in_words
from mockmate_nb.plots_sweep import SweepPoint as SweepPoint
from mockmate_nb.plots_sweep import sweep as sweep
from mockmate_nb.plots_sweep import sweep_in_words as sweep_in_words
from mockmate_nb.plots_timeline import timeline as timeline
from mockmate_nb.plots_timeline import timeline_in_words as timeline_in_words
