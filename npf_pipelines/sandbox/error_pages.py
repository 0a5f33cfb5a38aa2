"""Pages that come instead of JSON: errors, maintenance, a web server's refusals, PHP's warnings."""

from npf_pipelines.sandbox.planted import DATABASE_PASSWORD

UNCAUGHT_ERROR = f"""<!DOCTYPE html><html><head><title>Service unavailable</title></head><body>
<h1>Database error</h1><p>Duplicate entry '0' for key 'PRIMARY' (1062)</p>
<p>INSERT INTO cscart_shipment_items SET ...</p>
<pre>#0 app/functions/fn.database.php(310): mysqli_connect('localhost', 'cscart', '{DATABASE_PASSWORD}')</pre>
</body></html>"""
"""The page of an uncaught error: HTML with SQL and a backtrace (known behaviour)."""

MAINTENANCE = """<!DOCTYPE html><html><head><title>Service unavailable</title></head>
<body><h1>Service unavailable</h1><p>The store is closed for maintenance.</p></body></html>"""

NOT_FOUND = """<!DOCTYPE html><html><head><title>404</title></head><body><h1>Page not found</h1></body></html>"""

NOT_ALLOWED = """<html><head><title>405 Not Allowed</title></head><body><h1>405 Not Allowed</h1></body></html>"""
"""The answer of a web server that lets no PUT or DELETE through."""

FRONT_PAGE = """<!DOCTYPE html><html><head><title>A store</title></head><body><h1>Welcome</h1></body></html>"""
VERSION = "{brand}: version <b>{number} {edition}</b>"
"""The line by which many versions answer `/?version` (known behaviour)."""

WARNING = "<br />\n<b>Warning</b>:  Undefined array key [0] in <b>/var/www/app/addons/init.php</b><br />\n"
"""A warning that PHP prints before the JSON on a host that shows them."""
