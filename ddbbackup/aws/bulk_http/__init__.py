"""An HTTP/1.1 client for one purpose: many small signed POST requests to one DynamoDB endpoint.

It exists because SDKs and HTTP libraries cost several times the CPU of the work itself. The measurements, and when
to replace it by a library, are in docs/decisions/0001. Only ``aws.bulk_access`` imports this package; everybody
else uses the Protocol ``ports.BulkTransport``.

``transport``
    ``HttpTransport`` implements the Protocol: a selector over non-blocking sockets, and a pool of connections.
``connection``
    ``PersistentConnection``: one socket, and the one request that is on it at a time.
``connector``
    Opens sockets in threads, through proxies and with TLS; ``http.client`` and ``ssl`` do the difficult part.
``endpoint``
    ``Endpoint``: where requests go, as botocore resolved it.
``response``
    Parses a response from the bytes received so far; unusual responses are left to ``http.client``.
``signature``
    Signature Version 4 with everything cached that repeats. The tests compare it with botocore's own signer.

One request: ``HttpTransport.send`` signs it and writes it to an idle connection, or queues it and asks for a new
connection. ``HttpTransport.receive`` waits for readable sockets, passes their bytes to ``response``, and returns
the response with the tag of its request.
"""
