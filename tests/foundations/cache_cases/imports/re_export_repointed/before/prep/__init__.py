from prep.first import clean
