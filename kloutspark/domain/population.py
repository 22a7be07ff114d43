"""How the scores of a real population lie, as far as it was published.

Belgium, 2014, 100,258 scored accounts: 40 % at 10-14, 63 % under 20, 3.8 % at 50 or more, 0.2 % at 65 or more. That
scale began at 10 (the first of its four ranges is 10-14), so the 40 % are read as all who stood below 15, and nobody
below 10.
"""

SHARES_BELOW = {15: 0.40, 20: 0.63, 50: 1 - 0.038, 65: 1 - 0.002}  # score: share of the people below it
