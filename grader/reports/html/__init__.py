"""What the HTML report is made of: `shell` is the page around it, `rows`, `details` and `timeline` its data as JSON.

The page, its styles and its scripts lie beside as files: `page.html`, `css/` and `js/`, in the order of `shell`.
"""
