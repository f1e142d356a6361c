import asyncio


async def fetch():
    return 2


def answer():
    return asyncio.run(fetch())
